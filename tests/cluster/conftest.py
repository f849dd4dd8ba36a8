"""The cluster of the example, for tests that need one."""

from pathlib import Path

import pytest

from tests.cluster import first_run
from tests.lab.place import DEV, make, processes_seen


@pytest.fixture(scope="session")
def cluster(dev_lab: bool) -> Path:  # noqa: ARG001 - the hosts must be there
    """`make up` has ended well; returns the kubeconfig. What processes showed meanwhile is kept for the secrets' test."""
    with processes_seen() as seen:
        output = make("up")
    first_run.SEEN.update(seen)
    first_run.OUTPUT.append(output)
    return DEV.layout.access / "kubeconfig"
