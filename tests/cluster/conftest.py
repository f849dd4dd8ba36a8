"""The cluster of the example, for tests that need one."""

from pathlib import Path

import pytest

from tests.lab.place import DEV, make, processes_seen


@pytest.fixture(scope="session")
def cluster(dev_lab: bool) -> Path:  # noqa: ARG001 - the hosts must be there
    """`make up` has ended well; returns the kubeconfig. What processes showed meanwhile is kept for the secrets' test."""
    with processes_seen() as seen:
        output = make("up")
    SEEN.update(seen)
    OUTPUT.append(output)
    return DEV.layout.access / "kubeconfig"


SEEN: set[str] = set()
"""Command lines and environments of all processes, on all hosts, during `pulumi up`."""
OUTPUT: list[str] = []
"""What `pulumi up` printed."""
