"""deploy.sh on a machine whose systemd is a stub: what it prints, and where."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.scripts.fake_unit import KEY, SECRETS, Deployer


@pytest.fixture(params=["dash", "bash"])
def deployer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployer]:
    found = Deployer(tmp_path, request.param)
    yield found
    found.close()


def test_what_is_applied_is_all_of_standard_output_and_progress_goes_to_standard_error(deployer: Deployer) -> None:
    status, stdout, stderr = deployer.converge("0123456789abcdef").end()
    assert status == 0, stderr
    assert json.loads(stdout) == {"order": ["a"], "first": ""}
    assert stderr.endswith("converged\n")
    assert "hunter2" not in stdout + stderr
    assert (deployer.state / "secrets.json").read_text(encoding="utf-8") == SECRETS + "\n"
    assert (deployer.state / "id_ed25519").read_text(encoding="utf-8") == KEY.format("x")


def test_who_follows_a_run_does_not_make_the_bundles_of_those_that_wait_for_it_older(deployer: Deployer) -> None:
    bundle = deployer.root / "uploads/inventory/0123456789abcdef"
    bundle.mkdir(parents=True)
    deployer.hold()
    first = deployer.converge(bundle.name)
    first.hears("following")
    assert bundle.stat().st_mtime != 1
    os.utime(bundle, (1, 1))
    second = deployer.converge(bundle.name)
    second.hears("a run is in progress already")
    second.hears("following")
    deployer.release()
    assert [session.end()[0] for session in (first, second)] == [0, 0]
    assert bundle.stat().st_mtime == 1


def test_a_run_that_failed_prints_nothing_for_the_state(deployer: Deployer) -> None:
    (deployer.unit / "result").write_text("2\n", encoding="utf-8")
    status, stdout, stderr = deployer.converge("0123456789abcdef").end()
    assert (status, stdout) == (1, "")
    assert "the playbooks failed (status 2)" in stderr
