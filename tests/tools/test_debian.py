import os
import sys
from pathlib import Path

import pytest

from tests.tools.scripts import Script
from tools import debian
from tools.errors import ToolError

DPKG = """
printf 'one installed\\nthree not-installed\\nfour config-files\\n'
echo 'no packages found matching two' >&2
exit 1
"""


@pytest.fixture
def calls(program: Script, bin_directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fake dpkg-query and apt-get; the file lists how the latter was called."""
    log = bin_directory / "calls"
    program("dpkg-query", DPKG)
    program("apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {log}')
    monkeypatch.setenv("PATH", f"{bin_directory}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return log


@pytest.mark.usefixtures("calls")
def test_a_package_counts_as_there_only_when_it_is_installed() -> None:
    assert debian.missing(["one", "two", "three", "four", "two"]) == ["two", "three", "four"]


def test_only_what_is_missing_is_installed_and_said(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    debian.ensure(["one", "two"])
    assert calls.read_text(encoding="utf-8").splitlines() == [
        "noninteractive update --quiet",
        "noninteractive install --quiet --yes --no-install-recommends two",
    ]
    assert "==> Debian packages: two (" in capsys.readouterr().out


def test_nothing_runs_when_nothing_is_missing(calls: Path) -> None:
    debian.ensure(["one"])
    assert not calls.exists()


def test_who_is_not_root_is_told_what_to_install(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolError, match="only root can install them: apt-get install two"):
        debian.ensure(["one", "two"])
    assert not calls.exists()


def test_another_system_is_told_which_packages_to_look_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"not a Debian system .*: one two$"):
        debian.ensure(["one", "two"])


def test_the_command_line_installs_too(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["debian", "two"])
    assert debian.main() == 0
    assert "install" in calls.read_text(encoding="utf-8")
