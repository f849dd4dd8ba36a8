import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import pulumi, pulumi_cli, pulumi_plugins
from tools.errors import ToolError
from tools.pulumi_cli import Cli
from tools.pulumi_plugins import Plugins

TREE = Path(__file__).resolve().parents[2]


class Ways:
    """What the choosers answer, and how often they were asked."""

    def __init__(self, directory: Path) -> None:
        self.cli = Cli(directory, "a test's")
        self.plugins = Plugins((directory,), official=False, way="lab plug-ins")
        self.asked = 0
        self.paths: list[str] = []

    def find_cli(self, path: str) -> Cli:
        self.asked += 1
        self.paths.append(path)
        return self.cli

    def find_plugins(self, _path: str, _home: Path, _environment: Mapping[str, str]) -> Plugins:
        return self.plugins


@pytest.fixture
def ways(cache_in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Ways:
    directory = cache_in_tmp / "pulumi/cli"
    directory.mkdir(parents=True)
    ways = Ways(directory)
    monkeypatch.setattr(pulumi_cli, "find", ways.find_cli)
    monkeypatch.setattr(pulumi_plugins, "find", ways.find_plugins)
    return ways


def test_the_virtual_environment_comes_first_on_path(ways: Ways) -> None:
    path = pulumi.environment()["PATH"].split(os.pathsep)
    assert path[:3] == [str(TREE / ".venv/bin"), str(ways.cli.directory), str(ways.cli.directory)]


def test_pulumi_s_home_is_in_the_cache_and_no_update_is_looked_for(ways: Ways, cache_in_tmp: Path) -> None:
    environment = pulumi.environment()
    assert Path(environment["PULUMI_HOME"]) == cache_in_tmp / "pulumi/home"
    assert Path(environment["PULUMI_HOME"]).is_dir()
    assert environment["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert ways.asked == 1


def test_plug_ins_are_acquired_automatically_only_where_the_official_ones_can_be_had(
    ways: Ways, cache_in_tmp: Path
) -> None:
    assert pulumi.environment()["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    for record in (cache_in_tmp / "pulumi").glob("choice-*.json"):
        record.unlink()
    ways.plugins = Plugins((), official=True, way="official")
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in pulumi.environment()


def test_the_ways_are_chosen_once(ways: Ways) -> None:
    first = pulumi.environment()
    assert pulumi.environment() == first
    assert ways.asked == 1


def test_an_environment_within_an_environment_is_the_same(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = pulumi.environment()
    monkeypatch.setenv("PATH", outer["PATH"])
    assert pulumi.environment()["PATH"] == outer["PATH"]
    assert ways.asked == 1
    assert str(ways.cli.directory) not in ways.paths[0]


def test_a_choice_whose_files_are_gone_is_made_again(ways: Ways, tmp_path: Path) -> None:
    pulumi.environment()
    ways.cli.directory.rmdir()
    ways.cli = Cli(tmp_path, "another")
    ways.plugins = Plugins((), official=True, way="official")
    assert str(tmp_path) in pulumi.environment()["PATH"].split(os.pathsep)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"plugins": []}'])
def test_a_damaged_record_is_made_again(ways: Ways, cache_in_tmp: Path, text: str) -> None:
    pulumi.environment()
    (record,) = (cache_in_tmp / "pulumi").glob("choice-*.json")
    record.write_text(text, encoding="utf-8")
    pulumi.environment()
    assert ways.asked == 2


def test_another_pulumi_on_path_leads_to_a_new_choice(
    ways: Ways, bin_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi.environment()
    (bin_directory / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{bin_directory}:{os.environ['PATH']}")
    pulumi.environment()
    assert ways.asked == 2


def test_the_report_says_which_ways_were_taken(ways: Ways, capsys: pytest.CaptureFixture[str]) -> None:
    assert pulumi.main() == 0
    assert capsys.readouterr().out == "pulumi: a test's\nplug-ins: lab plug-ins\n"
    assert ways.asked == 1


def test_official_plug_ins_are_looked_for_again_after_hours_but_not_before(
    ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi.main()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    pulumi.main()
    assert ways.asked == 1
    monkeypatch.setattr(time, "time", lambda: now + 7 * 3600)
    pulumi.environment()
    assert ways.asked == 1
    pulumi.main()
    assert ways.asked == 2


def test_a_failure_is_one_message_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(_path: str) -> Cli:
        message = "no way"
        raise ToolError(message)

    monkeypatch.setattr(pulumi_cli, "find", find)
    assert pulumi.main() == 1
    assert capsys.readouterr().err == "error: no way\n"
