"""The cluster of the example, for tests that need one. It goes with the last of them: an idle one costs half a core."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.layout import DEFAULT_TOPOLOGY
from tests.cluster import first_run
from tests.lab.claim import claimed
from tests.lab.place import DEV, make, processes_seen
from tools import debian


@pytest.fixture(scope="package")
def dev_lab() -> Iterator[bool]:
    """The lab of the example cluster, up and running; tells whether it was so before the tests, and then it stays up."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    debian.ensure(["tcpdump"])
    with claimed(DEFAULT_TOPOLOGY) as somebodys:
        make("lab")
        yield somebodys
        if not somebodys:
            make("down")


@pytest.fixture(scope="package")
def cluster(dev_lab: bool) -> Path:
    """`make up` has ended well; returns the kubeconfig. What processes showed meanwhile is kept for the secrets' test."""
    if not dev_lab:
        first_run.BEFORE.update(first_run.look())
    with processes_seen() as seen:
        output = make("up")
    if not dev_lab:
        first_run.AFTER.update(first_run.look())
    first_run.SEEN.update(seen)
    first_run.OUTPUT.append(output)
    return DEV.layout.access / "kubeconfig"
