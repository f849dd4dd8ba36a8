"""A deployer's directories for each test, and the ansible-core that a deployer has."""

from pathlib import Path

import pytest

from tests.hosts.deployer.place import Place, make_tools
from tests.support.ansible_core import STANDIN, virtual_environment


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tools(tmp_path_factory.mktemp("deployer"))


@pytest.fixture
def place(tmp_path: Path, tools: Path) -> Place:
    return Place(tmp_path, tools)


@pytest.fixture(scope="session")
def ansible_python() -> Path:
    return virtual_environment(STANDIN / "requirements.txt")
