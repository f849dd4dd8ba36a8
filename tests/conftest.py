"""What is there once for the whole run, whoever asks for it: the lab of the example, the plug-ins' bed of SSH servers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.layout import DEFAULT_TOPOLOGY
from tests.lab.claim import claimed
from tests.lab.place import make
from tests.plugins.bed import Bed
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have processes that share the tests take those of the cluster as one, the others by file; the longest come first."""

    def of_the_cluster(item: pytest.Item) -> bool:
        return "dev_lab" in getattr(item, "fixturenames", ())

    for item in items:
        item.add_marker(pytest.mark.xdist_group("cluster" if of_the_cluster(item) else str(item.path)))
    items.sort(key=lambda item: (not of_the_cluster(item), LABS not in item.path.parents))


LABS = Path(__file__).parent / "lab"


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    if os.geteuid() != 0:
        pytest.skip("the plug-ins' test bed makes network namespaces: it needs root")
    debian.ensure(["iproute2", "openssh-client", "openssh-server"])
    directory = tmp_path_factory.mktemp("bed")
    (directory / "remote").mkdir()
    with Bed(directory) as made:
        yield made
