"""The test bed with real SSH servers: one for the whole run, whoever asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.plugins.bed import Bed
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    if os.geteuid() != 0:
        pytest.skip("the plug-ins' test bed makes network namespaces: it needs root")
    debian.ensure(["iproute2", "openssh-client", "openssh-server"])
    directory = tmp_path_factory.mktemp("bed")
    (directory / "remote").mkdir()
    with Bed(directory) as made:
        yield made
