"""The QR code of a client: what a camera reads is the configuration, and it goes to terminals only."""

import builtins
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.camera import seen
from tests.support.examples import TREE
from tools import qr
from tools.errors import ToolError

TEXT = (
    (TREE / "tests/model/files/golden/ada-laptop.conf").read_text(encoding="utf-8").replace("PRIVATE", "k" * 43 + "=")
)


def test_a_camera_reads_the_configuration() -> None:
    assert seen(qr.picture(qr.modules(TEXT))) == TEXT


def test_it_fits_into_a_terminal_of_eighty_columns() -> None:
    assert len(qr.modules(TEXT)[0]) <= 80


@pytest.fixture
def stack(tmp_path: Path) -> dict[str, str]:
    """An environment whose pulumi is a stub that has the output of a stack."""
    output = tmp_path / "output.json"
    output.write_text('{"ada-laptop": "secret of ada"}', encoding="utf-8")
    stub = tmp_path / "pulumi"
    stub.write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path}/ran\ncase $* in *"--stack none"*) echo "no stack" >&2; exit 1;; esac\ncat {output}\n'
    )
    stub.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def on_terminal(stack: dict[str, str], *words: str) -> tuple[int, str]:
    """Run the tool with a terminal for its output; return exit code and what the terminal got."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.qr", *words], cwd=TREE, env=stack, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 4096):
            told += part
    except OSError:
        pass  # the other side is closed
    os.close(ours)
    return process.wait(timeout=300), told.decode()


def test_a_terminal_shows_the_code(stack: dict[str, str]) -> None:
    status, told = on_terminal({**stack, "COLUMNS": "80"}, "ada-laptop", "--stack", "dev")
    assert status == 0, told
    assert seen(told) == "secret of ada"


def test_it_goes_to_no_file_and_asks_pulumi_for_nothing_then(stack: dict[str, str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tools.qr", "ada-laptop"]
    done = subprocess.run(words, cwd=TREE, env=stack, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "on a terminal only" in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["bea"], "error: there is no client bea; declared are: ada-laptop"),
        (["ada-laptop", "--stack", "none"], "no stack"),
    ],
)
def test_what_is_not_there_is_told(stack: dict[str, str], words: list[str], expected: str) -> None:
    status, told = on_terminal(stack, *words)
    assert status == 1
    assert expected in told
    assert "Traceback" not in told


def test_a_narrow_terminal_is_told_how_wide_it_must_be(stack: dict[str, str]) -> None:
    status, told = on_terminal({**stack, "COLUMNS": "20"}, "ada-laptop")
    assert status == 1
    assert "the terminal has 20 columns, but the code needs 29" in told


def test_a_missing_library_is_named_and_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_segno(name: str, *rest: object) -> object:
        if name == "segno":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_segno)
    with pytest.raises(ToolError, match=r"segno is missing: .*qrencode"):
        qr.modules("x")
