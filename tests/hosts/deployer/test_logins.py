"""The trial of logins: when converge.py makes it, and what logins.yml reports in the deployer's ansible-core."""

import time
from pathlib import Path

import pytest

from tests.hosts.deployer.place import Place, cluster
from tests.hosts.deployer.playbooks import Stage
from tests.support.examples import changed


def test_before_the_first_run_every_declared_node_is_tried_and_a_failure_ends_it(place: Place) -> None:
    done = place.converge(cluster(), failing="logins.yml")
    assert (done.status, done.words) == (1, ["boilerplate.yml in next"])
    assert [(run.inventory, run.hosts) for run in done.logins] == [("next", {"m", "x", "y"})]
    assert place.known is None
    assert "logins.yml ended with status 4" in done.progress


def test_an_installation_tries_each_node_once(place: Place) -> None:
    done = place.converge(cluster())
    assert (done.status, len(done.logins)) == (0, 1), done.errors


def test_a_node_that_joins_is_tried_with_all_others_before_any_change(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(workers="w x y"), failing="logins.yml")
    assert (done.status, done.words) == (1, ["boilerplate.yml in next"])
    assert [run.hosts for run in done.logins] == [{"m", "w", "x", "y"}]
    assert place.known is not None
    assert "w" not in place.known.members


@pytest.mark.parametrize("steps", ["nothing", "a label", "a removal"])
def test_what_does_not_need_every_node_does_not_try_them(place: Place, steps: str) -> None:
    place.install(cluster())
    config = {
        "nothing": cluster(),
        "a label": changed("sites/lab/nodes/x/labels", {"rack": "12"}, cluster()),
        "a removal": cluster(workers="x"),
    }[steps]
    done = place.converge(config, failing="logins.yml")
    assert (done.status, done.logins) == (0, ()), done.errors


@pytest.fixture
def stage(tmp_path: Path, ansible_python: Path, tools: Path) -> Stage:
    refused = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    return Stage(tmp_path, ansible_python, tools / "uploaded", {"all": ["m", "n", "o"]}, {"n": refused})


def test_every_host_that_cannot_be_reached_is_named_with_the_cause_and_the_others_are_compared(stage: Stage) -> None:
    stage.stub("date", "echo 1000000000")
    played = stage.play(stage.own("logins.yml"), began=int(time.time()))
    assert played.status != 0
    assert "TASK Log in over wg0 and become root\n  n: " in played.failures
    assert "ListenAddress" in played.failures
    for host in ("m", "o"):
        assert f"  {host}: the clock here differs by -" in played.failures
    assert "install and enable chrony" in played.failures


@pytest.mark.parametrize(("ahead", "status"), [(0, 0), (3, 0), (600, 2), (-600, 2)])
def test_clocks_that_differ_by_seconds_are_refused(stage: Stage, ahead: int, status: int) -> None:
    stage.stub("date", f"exec /usr/bin/date -d '{ahead} seconds' +%s")
    played = stage.play(stage.own("logins.yml"), "--limit=m,o", began=int(time.time()))
    assert played.status == status, played.output
    assert ("the clock here differs by" in played.failures) is (status != 0)
