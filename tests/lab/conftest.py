"""The lab of the example cluster, for tests that need real hosts. A lab that was up before stays up."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.layout import DEFAULT_TOPOLOGY, Layout
from lab.topology_file import load
from tests.lab.place import make, processes_seen
from tools import debian

LAYOUT = Layout(load(DEFAULT_TOPOLOGY).name)


@pytest.fixture(scope="session")
def hosts() -> Iterator[None]:
    """The seven hosts, running. Root is needed."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    debian.ensure(["tcpdump"])
    make("lab")
    yield
    if not WAS_UP:
        make("down")


@pytest.fixture(scope="session")
def cluster(hosts: None) -> Path:  # noqa: ARG001 - the hosts must be there
    """`make up` has ended well; returns the kubeconfig. What processes showed meanwhile is kept for the secrets' test."""
    with processes_seen() as seen:
        output = make("up")
    SEEN.update(seen)
    OUTPUT.append(output)
    return LAYOUT.access / "kubeconfig"


WAS_UP = LAYOUT.state.is_dir()
"""Whether somebody's lab was there before the tests."""
SEEN: set[str] = set()
"""Command lines and environments of all processes, on all hosts, during `pulumi up`."""
OUTPUT: list[str] = []
"""What `pulumi up` printed."""
