"""What the `pulumi up` that makes the cluster showed, kept for the tests of secrets; the fixture `cluster` fills it."""

from tests.lab.place import on
from tests.lab.traces import PROGRAM, Snapshot, snapshot

LOOKED_AT = ("uchicago002.hl-lhc.io", "uvic001.hl-lhc.io")
"""The deployer, which is a control-plane node with etcd, and a worker."""
BEFORE: dict[str, Snapshot] = {}
"""These hosts before `pulumi up`, in a lab that the tests made."""
AFTER: dict[str, Snapshot] = {}
"""And after it."""

SEEN: set[str] = set()
"""Command lines and environments of all processes, on all hosts, during `pulumi up`."""
OUTPUT: list[str] = []
"""What `pulumi up` printed."""


def look() -> dict[str, Snapshot]:
    """Return a snapshot of each of the hosts."""
    return {host: snapshot(on(host, "/usr/bin/python3", "-c", PROGRAM)) for host in LOOKED_AT}
