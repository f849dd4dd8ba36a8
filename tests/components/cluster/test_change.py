"""A preview compares with what the stack's state says of the last `pulumi up`."""

from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from components.cluster.change import Change
from components.model.cluster.declared import declared
from components.model.configuration import parse
from components.model.convergence.plan import plan
from components.model.convergence.state import State, to_data
from tests.support.examples import HOST_KEY, changed, configuration, read
from tests.support.program import run_program

URN = "urn:pulumi:test::stretched::stretched:index:Cluster::cluster"
COMMIT = "1c9add489750"
NEW = {"endpoint": "192.0.2.99", "institution": "x", "ssh": {"hostKey": HOST_KEY}}


def known(state: State) -> dict[str, object]:
    return {"urn:pulumi:test::x": {"outputs": {}}, URN: {"type": "x", "outputs": {"applied": to_data(state)}}}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: messages.append(text))
    return messages


def test_the_first_run_is_foretold(tmp_path: Path, told: list[str]) -> None:
    run_program(configuration(), tmp_path)
    assert told == ["Kubespray will run:\n  1. cluster.yml: install 7 nodes"]


def test_nothing_is_foretold_when_all_is_as_it_was(tmp_path: Path, told: list[str]) -> None:
    run_program(configuration(), tmp_path, known(declared(parse(configuration(), read), COMMIT)))
    assert told == []


def test_each_run_is_foretold(tmp_path: Path, told: list[str]) -> None:
    before = parse(changed("kubernetes/version", "1.35.3"), read)
    config = changed("sites/uvic/nodes/uvic002.hl-lhc.io", {"endpoint": "192.0.2.99", "ssh": {"hostKey": HOST_KEY}})
    run_program(config, tmp_path, known(declared(before, COMMIT)))
    assert told == [
        "Kubespray will run:\n  1. scale.yml --limit uvic002.hl-lhc.io: new worker\n  2. upgrade-cluster.yml: 1.35.3 -> 1.35.4"
    ]


def test_what_is_known_after_a_run_has_the_order_of_joining_and_nobody_who_left() -> None:
    before = declared(parse(configuration(), read), COMMIT)
    without = declared(parse(changed("sites/uvic", None, changed("sites/aglt2/nodes/a.hl-lhc.io", NEW)), read), COMMIT)
    after = Change(before, without).result
    assert after.order[-1] == "a.hl-lhc.io"
    assert set(after.order) == set(without.members)
    assert plan(after, without) == ()
    assert [step.kind for step in plan(Change(after, before).result, without)] == ["remove", "scale"]


def test_what_cannot_be_done_is_refused_before_any_resource(tmp_path: Path) -> None:
    newer = replace(
        declared(parse(configuration(), read), COMMIT), version="1.36.0", fixed={"kubernetes.podCidr": "10.0.0.0/16"}
    )
    with pytest.raises(pulumi.RunError) as caught:
        run_program(configuration(), tmp_path, known(newer))
    assert str(caught.value) == (
        "2 mistakes in the configuration, nothing was changed on any host:\n"
        "  - kubernetes.podCidr: 10.0.0.0/16 cannot change to 10.233.64.0/18 in a living cluster; write 10.0.0.0/16\n"
        "  - kubernetes.version: 1.35.4 is older than 1.36.0, which is installed; Kubernetes cannot be downgraded"
    )


def test_another_deployer_is_told_because_the_default_moves_with_the_names(tmp_path: Path, told: list[str]) -> None:
    before = replace(declared(parse(configuration(), read), COMMIT), deployer="uchicago003.hl-lhc.io")
    run_program(configuration(), tmp_path, known(before))
    assert told == ["uchicago002.hl-lhc.io takes over from uchicago003.hl-lhc.io as deployer"]
