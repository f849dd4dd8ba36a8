"""The WAN's relay: its own Go tests, and that its source is as gofmt and vet want it."""

import os
import shutil
import subprocess

import pytest

from lab.layout import TREE

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="needs a go on PATH")


@pytest.mark.parametrize(
    "command", [["go", "test", "./..."], ["go", "vet", "./..."], ["gofmt", "-l", "."]], ids=" ".join
)
def test_the_relay_s_source_passes(command: list[str]) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    done = subprocess.run(
        command, cwd=TREE / "lab" / "wanrelay", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if command[0] == "gofmt":
        assert done.stdout == ""
