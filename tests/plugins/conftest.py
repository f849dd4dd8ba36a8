"""Fixtures: the test bed, and the plug-ins in it, the lab's and, where there are any, the official ones."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.plugins.bed import Bed
from tests.plugins.executables import LAB, official
from tests.plugins.recorded import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugins.client import PluginClient


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for table in terminalreporter.config.stash.get(TABLES, []):
        terminalreporter.section(table[0])
        for row in table[1:]:
            terminalreporter.line(row)


@pytest.fixture(scope="session", params=["lab", "official"])
def plugins(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The executables by name, once ours and once the official ones: both have to pass the same tests."""
    if request.param == "lab":
        return {name: LAB / f"pulumi-resource-{name}" for name in ("command", "random")}
    found = {name: official(name) for name in ("command", "random")}
    present = {name: path for name, path in found.items() if path is not None}
    if len(present) < len(found):
        missing = ", ".join(f"pulumi-resource-{name}" for name in found if name not in present)
        pytest.skip(f"no official {missing} on PATH or in Pulumi's plug-in directory to compare with")
    return present


def configured(client: PluginClient) -> PluginClient:
    flags = {"acceptSecrets": True, "acceptResources": True, "sendsOldInputs": True, "sendsOldInputsToDelete": True}
    answer = client.call("Configure", {"args": {}, **flags})
    assert not answer.errors
    client.logs.clear()
    return client


@pytest.fixture(scope="session")
def command(bed: Bed, plugins: dict[str, Path]) -> Iterator[PluginClient]:
    client = configured(bed.plugin(plugins["command"]))
    yield client
    client.close()


@pytest.fixture(scope="session")
def random(bed: Bed, plugins: dict[str, Path]) -> Iterator[PluginClient]:
    client = configured(bed.plugin(plugins["random"]))
    yield client
    client.close()


@pytest.fixture
def own(bed: Bed) -> Iterator[PluginClient]:
    """The lab's command plug-in, a fresh process for one test of what the official one cannot do."""
    client = configured(bed.plugin(LAB / "pulumi-resource-command"))
    yield client
    client.close()


@pytest.fixture
def remote(bed: Bed) -> Path:
    """A directory on host 1, fresh for each test."""
    return Path(tempfile.mkdtemp(dir=bed.directory / "remote"))
