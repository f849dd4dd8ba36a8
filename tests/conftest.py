"""What is there once for the whole run, whoever asks for it: the lab of the example, the plug-ins' bed of SSH servers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from lab.layout import DEFAULT_TOPOLOGY
from tests.lab.claim import claimed
from tests.lab.place import make
from tests.plugins.bed import Bed
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer  # type: ignore[import-untyped]


settings.register_profile("seeded", derandomize=True)
settings.load_profile(os.environ.get("STRETCHED_HYPOTHESIS", "seeded"))
"""Generated cases are the same in every run. STRETCHED_HYPOTHESIS=default looks at others each time."""

LONGEST = ("tests/cluster/", "tests/lifecycle/", "tests/lab/")
"""These begin, in this order."""


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]
    """Has the tests of the cluster run in one process, and those of any other file in one."""

    def _split_scope(self, nodeid: str) -> str:
        return "cluster" if nodeid.startswith("tests/cluster/") else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace:
    return ByPlace(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((rank for rank, place in enumerate(LONGEST) if item.nodeid.startswith(place)), 9))


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
