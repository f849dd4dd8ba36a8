"""The real engine, once with the lab's plug-ins and once with the official ones where they are."""

import os

import pytest

from tests.engine.engine import Engine
from tests.plugins.executables import LAB, official
from tests.support.examples import TREE
from tools import pulumi


@pytest.fixture(scope="module", params=["lab", "official"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine with a file backend of its own, on the project in the tree."""
    directories = {LAB}
    if request.param == "official":
        found = [official(name) for name in ("command", "random")]
        directories = {path.parent for path in found if path is not None}
        if None in found:
            pytest.skip(
                "the official plug-ins are neither on PATH nor installed: the engine was tried with the lab's only"
            )
    state = tmp_path_factory.mktemp("state")
    environment = pulumi.environment()
    environment.update(
        PATH=os.pathsep.join([str(TREE / ".venv/bin"), *map(str, directories), environment["PATH"]]),
        PULUMI_BACKEND_URL=f"file://{state}",
        PULUMI_CONFIG_PASSPHRASE="lab",
    )
    environment.pop("PULUMI_STACK", None)
    environment.pop("SSH_AUTH_SOCK", None)
    return Engine(environment, TREE)
