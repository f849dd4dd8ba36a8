import hashlib
import io
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.tools.scripts import Script
from tools import gobuild, net, pulumi_cli
from tools.errors import ToolError
from tools.pins import GoPin, pins

ARCHITECTURE = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
ARCHIVE = f"pulumi-v{pins().pulumi}-linux-{ARCHITECTURE}.tar.gz"
RELEASES = "https://get.pulumi.com/releases/sdk"


def install(program: Script, version: str) -> None:
    program("pulumi", f"echo {version}")
    program("pulumi-language-python", "")


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in ("pulumi", "pulumi-language-python"):
            entry = tarfile.TarInfo(f"pulumi/{name}")
            entry.mode = 0o755
            tar.addfile(entry)
    return buffer.getvalue()


@pytest.fixture
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch_text(url: str) -> str:
        message = f"no answer from {url}"
        raise net.UnreachableError(message)

    monkeypatch.setattr(net, "fetch_text", fetch_text)


@pytest.fixture
def releases(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Files by address: what the release server answers."""
    sums = f"{hashlib.sha256(archive()).hexdigest()}  {ARCHIVE}\n{'0' * 64}  another.tar.gz\n"
    files = {
        f"{RELEASES}/{ARCHIVE}": archive(),
        f"{RELEASES}/pulumi-{pins().pulumi}-checksums.txt": sums.encode(),
    }
    monkeypatch.setattr(net, "fetch_text", lambda url: files[url].decode())
    monkeypatch.setattr(net, "fetch_file", lambda url, target: target.write_bytes(files[url]))
    return files


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of the pins that were built."""
    built: list[str] = []

    def build(pin: GoPin, *, ldflags: Sequence[str], expect: str) -> Path:
        assert expect
        assert ldflags[0].endswith(f".Version={pin.version}")
        built.append(pin.name)
        for name in pin.binaries:
            (tmp_path / name).write_text(name, encoding="utf-8")
        return tmp_path

    def download(module: str, version: str) -> Mapping[str, str]:
        assert (module, version) == ("github.com/pulumi/pulumi/sdk/v3", f"v{pins().pulumi}")
        script = tmp_path / "python/cmd/pulumi-language-python-exec"
        script.parent.mkdir(parents=True)
        script.write_text("#!/usr/bin/env python\n", encoding="utf-8")
        return {"Dir": str(tmp_path)}

    monkeypatch.setattr(gobuild, "build", build)
    monkeypatch.setattr(gobuild, "download", download)
    return built


@pytest.mark.parametrize("version", ["v3.259.0", "v3.259.4", "v3.300.1"])
def test_a_pulumi_on_path_that_is_new_enough_is_taken(program: Script, bin_directory: Path, version: str) -> None:
    install(program, version)
    found = pulumi_cli.find(str(bin_directory))
    assert (found.directory, found.way) == (bin_directory, f"{version} on PATH")


@pytest.mark.parametrize("version", ["v3.258.9", "v2.300.0", "v4.0.0", "unknown", ""])
def test_a_pulumi_of_the_wrong_version_is_left_alone_and_said(
    program: Script, bin_directory: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    install(program, version)
    assert pulumi_cli.on_path(str(bin_directory), pins().pulumi) is None
    assert "not used" in capsys.readouterr().out


def test_a_pulumi_without_its_language_host_is_left_alone(program: Script, bin_directory: Path) -> None:
    program("pulumi", "echo v3.259.0")
    assert pulumi_cli.on_path(str(bin_directory), pins().pulumi) is None


@pytest.mark.usefixtures("releases")
def test_the_official_download_comes_next(builds: list[str]) -> None:
    found = pulumi_cli.find("")
    assert found.way == f"official download of v{pins().pulumi}"
    assert sorted(path.name for path in found.directory.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert builds == []


def test_a_download_that_does_not_match_its_checksum_is_refused(
    releases: dict[str, bytes], builds: list[str], cache_in_tmp: Path
) -> None:
    releases[f"{RELEASES}/{ARCHIVE}"] += b"!"
    with pytest.raises(ToolError, match=rf"{ARCHIVE} has SHA-256 \w+, the release says \w+: not used"):
        pulumi_cli.find("")
    assert list((cache_in_tmp / "pulumi").iterdir()) == []
    assert builds == []


def test_a_file_that_the_checksums_do_not_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(ToolError, match="the release says nothing"):
        pulumi_cli.check_sum(file, f"{hashlib.sha256(b'').hexdigest()}  other\n")


@pytest.mark.usefixtures("closed_network")
def test_without_the_network_it_is_built_and_that_is_said(
    builds: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = pulumi_cli.find("")
    assert builds == ["pulumi", "pulumi-language-python"]
    assert "built from Go modules, as there is no answer from https://get.pulumi.com" in found.way
    assert "building it from Go modules instead" in capsys.readouterr().out
    names = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec"]
    assert sorted(path.name for path in found.directory.iterdir()) == names
    assert not (found.directory / "pulumi-language-python").is_symlink()
    assert (found.directory / names[2]).stat().st_mode & 0o777 == 0o755


@pytest.mark.usefixtures("closed_network")
def test_what_was_built_once_is_found_without_asking_the_network(
    builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pulumi_cli.find("")
    monkeypatch.setattr(net, "fetch_text", lambda url: pytest.fail(f"asked {url}"))
    again = pulumi_cli.find("")
    assert (again.directory, again.way) == (
        first.directory,
        f"v{pins().pulumi}, built from Go modules, from the cache",
    )
    assert len(builds) == 2
