"""The state is read while the engine writes it: a reading that fails once is no reason to know nothing."""

from types import SimpleNamespace

import pulumi
import pytest

from components.remote.last_update import stored_outputs

URN = "urn:pulumi:dev::stretched::stretched:Cluster$command:remote:Command::cluster-converged"
HALF_WAY = "failed to load checkpoint: EOF"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people are told."""
    told: list[str] = []
    for name in ("organization", "project", "stack"):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda name=name: name)
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    return told


@pytest.mark.parametrize(("failures", "expected"), [(0, {"stdout": "x"}), (2, {"stdout": "x"}), (3, {})])
def test_a_state_that_is_being_written_is_read_again(
    failures: int, expected: dict[str, object], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [HALF_WAY] * failures

    def invoke(_token: str, _arguments: dict[str, object]) -> SimpleNamespace:
        if left:
            raise RuntimeError(left.pop())
        return SimpleNamespace(value={"outputs": {URN: {"type": "", "outputs": {"stdout": "x"}}}})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    assert stored_outputs("command:remote:Command", "cluster-converged", "nothing is foretold") == expected
    assert bool(said) == (not expected)
    assert all("nothing is foretold" in one and HALF_WAY in one for one in said)
