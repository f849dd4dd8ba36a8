"""The stack's state is read once; failed attempts are repeated, and an unreadable state is an error."""

from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest

from components.remote import last_update as module
from components.remote.last_update import last_update
from tests.support.examples import changed, configuration
from tests.support.program import run_program

URN = "urn:pulumi:dev::stretched::stretched:Cluster$command:remote:Command::cluster-converged"
COMMAND = "command:remote:Command"
HALF_WAY = "failed to load checkpoint: EOF"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0)


def answers(monkeypatch: pytest.MonkeyPatch, *results: object) -> list[object]:
    """Let the engine return these results one after another, raising exceptions; return the list of those that are left."""
    for name in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda name=name: name)
    left = list(results)

    def invoke(_token: str, _arguments: dict[str, object]) -> SimpleNamespace:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(value=answer)

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    return left


@pytest.mark.parametrize("failures", [0, 4])
def test_a_state_that_is_being_written_is_read_again(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"outputs": {URN: {"type": "", "outputs": {"stdout": "x"}}}}
    answers(monkeypatch, *[RuntimeError(HALF_WAY)] * failures, answer)
    last = last_update()
    assert last.outputs(COMMAND, "cluster-converged") == {"stdout": "x"}
    assert last.outputs(COMMAND, "another") == {}
    assert last.outputs("stretched:Cluster", "cluster-converged") == {}


def test_the_repr_shows_no_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"outputs": {URN: {"type": "", "outputs": {"stdin": "hunter2"}}}})
    assert "hunter2" not in repr(last_update())


@pytest.mark.parametrize("answer", [RuntimeError(HALF_WAY), None, {}, {"outputs": {URN: {}}}])
def test_a_state_that_cannot_be_read_is_an_error(answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    left = answers(monkeypatch, *[answer] * 5)
    with pytest.raises(pulumi.RunError) as caught:
        last_update()
    assert left == []
    message = str(caught.value)
    assert message.startswith("the state of organization/project/stack cannot be read (5 attempts): ")
    assert message.endswith("nothing was changed on any host. Check that `pulumi stack export` works, then try again")
    assert HALF_WAY in message or not isinstance(answer, Exception)


def test_a_stack_without_resources_is_a_first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"outputs": {}})
    assert last_update().outputs(COMMAND, "cluster-converged") == {}


def test_the_program_reads_the_state_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    invoked: list[str] = []
    invoke = pulumi.runtime.invoke

    def counted(token: str, arguments: dict[str, object]) -> object:
        invoked.append(token)
        return invoke(token, arguments)

    monkeypatch.setattr(pulumi.runtime, "invoke", counted)
    run_program(changed("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"]}), tmp_path)
    assert invoked == ["pulumi:pulumi:readStackResourceOutputs"]


def test_the_program_declares_nothing_when_the_state_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A living cluster with another podCidr must not preview as one to install."""

    def invoke(*_: object) -> None:
        raise RuntimeError(HALF_WAY)

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    with pytest.raises(pulumi.RunError, match="cannot be read"):
        run_program(configuration(), tmp_path)
