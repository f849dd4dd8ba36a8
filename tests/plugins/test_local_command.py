"""local.Command and local.run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.forms import LOCAL, create, delete, secret, update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.client import Answer, PluginClient


def run(command: PluginClient, script: str, **inputs: Any) -> Answer:
    command.logs.clear()
    return command.call("Create", create(LOCAL, {"create": script, **inputs}))


@pytest.mark.parametrize(
    ("script", "reason"),
    [("exit 3", "exit status 3"), ("kill -TERM $$", "signal: terminated"), ("kill -9 $$", "signal: killed")],
)
def test_how_a_command_ended_is_in_the_error(command: PluginClient, script: str, reason: str) -> None:
    assert run(command, script).errors == (f'rpc error: code = Unknown desc = {reason}: running "{script}":\n',)


def test_stdin_environment_directory_and_interpreter(command: PluginClient, tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd(), os.environ['A'], sys.stdin.read())"
    inputs = {"interpreter": ["python3", "-c"], "environment": {"A": "é"}, "stdin": secret("in"), "dir": str(tmp_path)}
    assert run(command, script, **inputs).properties["stdout"] == f"{tmp_path} é in"


def test_without_stdin_the_command_reads_nothing(command: PluginClient) -> None:
    assert run(command, "cat; echo end").properties["stdout"] == "end"


def test_the_environment_is_the_engine_s_own(command: PluginClient) -> None:
    """Nothing that the wrapper needs for itself may show: the command may be a Python program too."""
    assert run(command, "echo [$PYTHONPATH$PYTHONHOME]").properties["stdout"] == "[]"


@pytest.mark.parametrize("inputs", [{"dir": "/no/such"}, {"interpreter": ["no-such-program"]}])
def test_what_cannot_be_started_is_an_error(command: PluginClient, inputs: dict[str, object]) -> None:
    assert next(iter(run(command, "true", **inputs).errors)).startswith("rpc error: code = Unknown desc = ")


def test_update_and_delete_see_the_previous_output(command: PluginClient, tmp_path: Path) -> None:
    state = {"create": "true", "stdout": "so", "stderr": "se", "delete": f"echo $PULUMI_COMMAND_STDOUT > {tmp_path}/x"}
    news = {"create": "echo $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR"}
    assert command.call("Update", update(LOCAL, state, news)).properties["stdout"] == "so se"
    assert not command.call("Delete", delete(LOCAL, state)).errors
    assert (tmp_path / "x").read_text() == "so\n"


def test_run_runs_at_once(command: PluginClient) -> None:
    answer = command.call("Invoke", {"tok": "command:local:run", "args": {"command": "echo a; echo b >&2"}})
    assert answer.response["return"] == {"command": "echo a; echo b >&2", "stdout": "a", "stderr": "b"}
