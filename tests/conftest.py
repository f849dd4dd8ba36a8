"""How tests are chosen and dealt out, and what is there once for the whole run: the plug-ins' bed of SSH servers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.plugins.bed import Bed
from tests.suites import MARKS
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer  # type: ignore[import-untyped]


for profile, same in (("seeded", True), ("default", False)):  # a busy machine is slow, and that is no fault
    slow = [HealthCheck.too_slow]
    settings.register_profile(profile, derandomize=same, deadline=None, suppress_health_check=slow)
settings.load_profile(os.environ.get("STRETCHED_HYPOTHESIS", "seeded"))
"""Generated cases are the same in every run. STRETCHED_HYPOTHESIS=default looks at others each time."""

CLUSTERS = ("tests/cluster/", "tests/lifecycle/")
LONGEST = (*CLUSTERS, "tests/lab/")
"""These begin, in this order."""
LONG = 5
"""Seconds of a test, or of making what it needs, that are worth a line."""


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]
    """Has all tests of clusters run in one process, so that there is one cluster at a time, and those of any other file in one."""

    def _split_scope(self, nodeid: str) -> str:
        return "clusters" if nodeid.startswith(CLUSTERS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace:
    return ByPlace(config, log)


@pytest.hookimpl(tryfirst=True)  # before some are left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[MARKS] = {item.nodeid: {mark.name for mark in item.iter_markers()} for item in items}
    items.sort(key=lambda item: next((rank for rank, place in enumerate(LONGEST) if item.nodeid.startswith(place)), 9))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Append what took long to the file `$STRETCHED_TIMINGS`, if set, in the form of tools/progress.py."""
    timings = os.environ.get("STRETCHED_TIMINGS")
    if timings and report.duration > LONG and "PYTEST_XDIST_WORKER" not in os.environ:
        with Path(timings).open("a", encoding="utf-8") as file:
            file.write(f"{report.duration:.1f}\t{report.when} of {report.nodeid}\n")


@pytest.fixture(scope="session")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    if os.geteuid() != 0:
        pytest.skip("the plug-ins' test bed makes network namespaces: it needs root")
    debian.ensure(["iproute2", "openssh-client", "openssh-server"])
    directory = tmp_path_factory.mktemp("bed")
    (directory / "remote").mkdir()
    with Bed(directory) as made:
        yield made
