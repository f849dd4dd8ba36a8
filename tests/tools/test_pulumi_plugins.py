from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.scripts import Script
from tools import net, pulumi_plugins
from tools.errors import ToolError
from tools.pins import pins

NAMES = ("command", "random")


def put(directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"pulumi-resource-{name}").write_text("", encoding="utf-8")
    (directory / f"pulumi-resource-{name}").chmod(0o755)


def put_installed(home: Path, versions: Mapping[str, str]) -> None:
    for name, version in versions.items():
        put(home / "plugins" / f"resource-{name}-v{version}", name)


@pytest.fixture
def lab_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "lab"
    for name in NAMES:
        put(directory, name)
    monkeypatch.setattr(pulumi_plugins, "LAB_DIRECTORY", directory)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "user"))
    return directory


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the network answers, and (by its length) how often it was asked."""
    answers: list[bool] = []

    def fetch_text(_url: str) -> str:
        answers.append(answers[0])
        if not answers[0]:
            message = "no answer"
            raise net.UnreachableError(message)
        return ""

    monkeypatch.setattr(net, "fetch_text", fetch_text)
    return answers


def test_plug_ins_on_path_come_first(bin_directory: Path, tmp_path: Path, network: list[bool]) -> None:
    for name in NAMES:
        put(bin_directory, name)
    found = pulumi_plugins.find(str(bin_directory), tmp_path / "home", {})
    assert (found.directories, found.official, network) == ((bin_directory,), True, [])


def test_one_of_two_on_path_is_not_enough(bin_directory: Path) -> None:
    put(bin_directory, "random")
    assert pulumi_plugins.on_path(str(bin_directory), NAMES) is None


@pytest.mark.usefixtures("lab_directory")
def test_installed_plug_ins_need_no_network(tmp_path: Path, network: list[bool]) -> None:
    put_installed(tmp_path / "home", pins().pulumi_plugins)
    found = pulumi_plugins.find("", tmp_path / "home", {})
    assert (found.directories, found.official, network) == ((), True, [])


@pytest.mark.usefixtures("lab_directory")
def test_those_in_the_user_s_own_pulumi_home_are_used_too(tmp_path: Path, network: list[bool]) -> None:
    put_installed(tmp_path / "user", pins().pulumi_plugins)
    found = pulumi_plugins.find("", tmp_path / "home", {})
    assert [path.parent for path in found.directories] == [tmp_path / "user/plugins"] * 2
    assert (found.official, network) == (True, [])


def test_installed_plug_ins_of_another_version_do_not_count(tmp_path: Path) -> None:
    put_installed(tmp_path / "home", {"command": "1.2.0", "random": "4.21.1"})
    wanted = {"command": "1.2.1", "random": "4.21.1"}
    assert pulumi_plugins.installed(wanted, own=tmp_path / "home", others=[]) is None


@pytest.mark.usefixtures("lab_directory")
def test_with_a_network_the_official_ones_are_installed(
    program: Script, bin_directory: Path, tmp_path: Path, network: list[bool]
) -> None:
    network.append(True)
    log = tmp_path / "log"
    program("pulumi", f'echo "$PULUMI_HOME $*" >> {log}')
    environment = {"PATH": f"{bin_directory}:/usr/bin:/bin", "PULUMI_HOME": "/home-given"}
    found = pulumi_plugins.find("", tmp_path / "home", environment)
    assert (found.directories, found.official) == ((), True)
    assert log.read_text(encoding="utf-8").splitlines() == [
        f"/home-given plugin install resource {name} {version}" for name, version in pins().pulumi_plugins.items()
    ]


def test_without_one_the_lab_s_own_serve_and_say_so(lab_directory: Path, tmp_path: Path, network: list[bool]) -> None:
    network.append(False)
    found = pulumi_plugins.find("", tmp_path / "home", {})
    assert (found.directories, found.official) == ((lab_directory,), False)
    assert found.way == "AIR-GAPPED LAB plug-ins of this tree, as there is no answer"


def test_an_installation_that_fails_ends_with_the_lab_s_own_and_its_reason(
    lab_directory: Path, program: Script, bin_directory: Path, tmp_path: Path, network: list[bool]
) -> None:
    network.append(True)
    program("pulumi", "echo rate limit; exit 1")
    found = pulumi_plugins.find("", tmp_path / "home", {"PATH": f"{bin_directory}:/usr/bin:/bin"})
    assert (found.directories, found.official) == ((lab_directory,), False)
    assert "rate limit" in found.way


def test_without_any_plug_in_there_is_one_clear_message(tmp_path: Path) -> None:
    put(tmp_path, "random")
    with pytest.raises(ToolError, match=r"^no official Pulumi plug-ins \(closed\), and .* lacks command too$"):
        pulumi_plugins.lab(tmp_path, NAMES, reason="closed")
