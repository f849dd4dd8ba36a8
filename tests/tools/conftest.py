from pathlib import Path

import pytest

from tests.tools.scripts import Script


@pytest.fixture(autouse=True)
def cache_in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "cache"
    monkeypatch.setenv("STRETCHED_CACHE", str(directory))
    monkeypatch.delenv("STRETCHED_TIMINGS", raising=False)
    return directory


@pytest.fixture
def bin_directory(tmp_path: Path) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


@pytest.fixture
def program(bin_directory: Path) -> Script:
    """Write an executable shell script into the directory that a test may put on PATH."""

    def write(name: str, body: str) -> Path:
        file = bin_directory / name
        file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    return write
