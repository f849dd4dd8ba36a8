"""converge.py ended in the middle, by a failure or killed with its playbook: the next one goes on from there."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from components.hosts.deployer.converge import Deployer
from components.hosts.deployer.progress import Progress
from components.model.cluster.declared import declared
from components.model.configuration import parse
from components.model.convergence.state import State, from_data
from tests.hosts.deployer.place import Place, archive, cluster
from tests.support.examples import changed, read

KILLED = -9


def state(config: Mapping[str, object]) -> State:
    return declared(parse(config, read), "v1")


def test_a_first_run_that_failed_is_run_again_and_asks_nobody_more(place: Place) -> None:
    done = place.converge(cluster(), failing="cluster.yml")
    assert done.status == 1
    assert "cluster.yml ended with status 2" in done.progress
    assert done.errors == ""
    done = place.converge(cluster())
    assert done.words == ["boilerplate.yml in next", "cluster.yml in inventory"]
    assert place.known == state(cluster())


def test_a_node_that_left_during_a_failed_first_run_is_reset_by_the_inventory_that_knows_it(place: Place) -> None:
    place.converge(cluster(), failing="cluster.yml")
    done = place.converge(cluster(workers="x"))
    assert done.words[1:] == ["reset.yml in inventory limit y reset_confirmation=yes", "cluster.yml in inventory"]
    assert [run.hosts for run in done.runs[1:]] == [{"m", "x", "y"}, {"m", "x"}]


def test_a_node_that_never_joined_wholly_leaves_although_it_cannot_be_reset(place: Place) -> None:
    place.install(cluster())
    place.converge(cluster(workers="x y z"), failing="scale.yml")
    done = place.converge(cluster(), failing="remove-node.yml")
    assert done.status == 0
    assert done.words[1:] == [
        "remove-node.yml in inventory node=z skip_confirmation=True",
        "remove-node.yml in inventory node=z skip_confirmation=True reset_nodes=False allow_ungraceful_removal=True",
        "members.yml in inventory absent=['z']",
    ]
    assert "Kubespray cannot reset z: the join of z was not completed" in done.progress
    assert place.known == state(cluster())


def test_a_member_is_never_removed_without_its_drain_whatever_was_interrupted(place: Place) -> None:
    place.install(cluster())
    for _ in range(2):
        done = place.converge(cluster(workers="x"), failing="remove-node.yml")
        assert (done.status, done.words[1:]) == (1, ["remove-node.yml in inventory node=y skip_confirmation=True"])


def test_what_the_gate_refuses_touches_nothing(place: Place) -> None:
    place.install(cluster())
    before = place.known
    done = place.converge(cluster(workers="w x"), failing="boilerplate.yml")
    assert (done.status, done.words) == (1, ["boilerplate.yml in next"])
    assert place.known == before
    assert place.inventory == {"m", "x", "y"}


FROM = cluster(leaders="m n o", workers="u v x y")
TO = changed("sites/lab/nodes/x/labels", {"rack": "1"}, cluster(leaders="a b m n o", workers="x z", version="1.35.4"))
STEPS = ["remove-node.yml u,v,y", "cluster.yml", "upgrade-cluster.yml", "kubectl x"]
RUNS = [
    "boilerplate.yml",
    "remove-node.yml",
    "members.yml",
    "cluster.yml",
    "control_plane.yml",
    "upgrade-cluster.yml",
    "members.yml",
]


def test_all_changes_at_once(place: Place) -> None:
    place.install(FROM)
    done = place.converge(TO)
    assert done.steps == STEPS
    assert [run.playbook for run in done.runs] == RUNS


@pytest.mark.parametrize("number", range(1, len(RUNS) + 1))
def test_killed_in_any_run_the_next_goes_on_with_the_step_that_did_not_end(place: Place, number: int) -> None:
    place.install(FROM)
    first = place.converge(TO, killed=number)
    assert (first.status, len(first.runs)) == (KILLED, number)
    second = place.converge(TO)
    assert second.status == 0, second.errors
    assert first.steps[:-1] + second.steps == STEPS
    assert all(run.applied is not None for run in second.runs)
    assert place.known == replace(state(TO), order=("m", "n", "o", "x", "a", "b", "z"))
    assert place.converge(TO).runs == ()


@pytest.mark.parametrize("playbook", ["remove-node.yml", "control_plane.yml"])
def test_after_a_failure_the_next_goes_on_with_the_step_that_did_not_end(place: Place, playbook: str) -> None:
    place.install(FROM)
    first = place.converge(TO, failing=playbook)
    assert first.status == 1
    assert first.runs[-1].playbook == playbook
    second = place.converge(TO)
    assert first.steps[:-1] + second.steps == STEPS
    assert place.known == replace(state(TO), order=("m", "n", "o", "x", "a", "b", "z"))


def test_a_removal_that_was_killed_is_a_join_when_the_node_is_declared_again(place: Place) -> None:
    place.install(cluster())
    assert place.converge(cluster(workers="x"), killed=2).status == KILLED
    done = place.converge(cluster())
    assert [run.playbook for run in done.runs] == ["boilerplate.yml", "facts.yml", "scale.yml"]
    assert done.runs[-1].limit == "y"
    assert place.known == state(cluster())


def test_a_join_that_was_killed_is_a_removal_when_the_node_is_not_declared_any_more(place: Place) -> None:
    place.install(cluster())
    assert place.converge(cluster(workers="w x y"), killed=3).status == KILLED
    done = place.converge(cluster())
    assert done.words[1] == "remove-node.yml in inventory node=w skip_confirmation=True"
    assert done.runs[1].hosts == {"m", "w", "x", "y"}
    assert place.known == state(cluster())


def test_an_upgrade_that_was_killed_must_end_before_another_begins(place: Place) -> None:
    place.install(cluster())
    place.converge(cluster(version="1.35.4"), killed=2)
    done = place.converge(cluster())
    assert (done.status, done.runs) == (1, ())
    assert "an upgrade to 1.35.4 was started and is not finished" in done.progress
    assert place.converge(cluster(version="1.35.4")).steps == ["upgrade-cluster.yml"]


def test_a_take_over_that_was_interrupted_still_relieves_the_earlier_deployer(place: Place) -> None:
    elsewhere = archive(replace(state(cluster()), deployer="x"), "m", "x", "y")
    assert place.converge(cluster(), known_elsewhere=elsewhere, failing="hand_over.yml").status == 1
    done = place.converge(cluster())
    assert [run.playbook for run in done.runs] == ["hand_over.yml"]
    assert place.converge(cluster()).runs == ()


def test_who_has_taken_over_does_not_do_so_again_when_something_else_fails(place: Place) -> None:
    elsewhere = archive(replace(state(cluster()), deployer="x"), "m", "x", "y")
    done = place.converge(cluster(workers="w x y"), known_elsewhere=elsewhere, failing="boilerplate.yml")
    assert [run.playbook for run in done.runs] == ["boilerplate.yml"]
    done = place.converge(cluster(workers="w x y"), known_elsewhere=elsewhere, failing="facts.yml")
    assert [run.playbook for run in done.runs][1:3] == ["adopt.yml", "hand_over.yml"]
    done = place.converge(cluster(workers="w x y"))
    assert [run.playbook for run in done.runs] == ["boilerplate.yml", "facts.yml", "scale.yml"]


def test_half_a_file_is_never_what_is_known(place: Place) -> None:
    place.install(cluster())
    (place.state / "applied.new").write_text('{"version": "1.3', encoding="utf-8")
    assert place.converge(cluster()).status == 0
    assert place.known == state(cluster())


def deployer(place: Path) -> Deployer:
    return Deployer(place, place, Progress(place / "progress", 0))


def test_what_is_known_stays_until_the_new_is_whole_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = state(cluster()), state(cluster(workers="x"))
    deployer(tmp_path).write_down(before)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deployer(tmp_path).write_down(after)
    assert deployer(tmp_path).known() == before
    monkeypatch.undo()
    with (tmp_path / "applied.json").open(encoding="utf-8") as reader:
        deployer(tmp_path).write_down(after)
        assert from_data(json.load(reader)) == before  # never written in place
    assert deployer(tmp_path).known() == after


def test_the_inventory_in_force_is_there_again_after_an_interruption_of_its_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("old", "{}"), ("new", "{}"), ("newer", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(json.dumps(text), encoding="utf-8")
    known = state(cluster())
    one = deployer(tmp_path)
    one.stage(tmp_path / "old", None, known)
    one.take_over()
    one.stage(tmp_path / "new", known, known)
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if target == one.inventory:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.take_over()
    monkeypatch.undo()
    one.stage(tmp_path / "newer", known, known)
    assert (one.inventory / "old").exists()
    one.take_over()
    assert (one.inventory / "newer").exists()
