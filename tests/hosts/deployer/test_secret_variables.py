"""Secret variables of Kubespray on the deployer: in files of its own only, and applied when they change."""

from pathlib import Path

import pytest

from components.hosts.deployer.secret_files import SecretFiles
from tests.hosts.deployer.place import Done, Place, cluster

WHOLE = ["boilerplate.yml in next", "cluster.yml in inventory", "control_plane.yml in inventory"]
SECRET = {"registry_password": "hunter2"}
OTHER = {"registry_password": "hunter3"}


def read(done: Done) -> set[str]:
    return {text for run in done.runs for text in run.files.values()}


def test_every_playbook_gets_them_in_a_file_and_nothing_else_has_them(place: Place) -> None:
    done = place.converge(cluster(), secrets=SECRET)
    assert done.status == 0, done.errors
    assert all(list(run.files.values()) == ['{"registry_password": "hunter2"}'] for run in done.runs)
    assert not [word for run in done.runs for word in run.words if "hunter2" in word]
    assert "hunter2" not in done.progress
    holding = [path for path in place.state.rglob("*") if path.is_file() and "hunter2" in path.read_text("utf-8")]
    assert {path.name for path in holding} == {"secrets.json", "secrets.now.json", "secrets.applied.json"}
    assert {path.stat().st_mode & 0o777 for path in holding if path.name != "secrets.json"} == {0o600}


def test_changed_ones_are_applied_once_and_named_without_their_values(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(), secrets=SECRET)
    assert done.words == WHOLE
    assert "cluster.yml: changed secret variables registry_password\n" in done.progress
    assert "hunter2" not in done.progress + done.errors + (place.state / "applied.json").read_text("utf-8")
    assert place.converge(cluster(), secrets=SECRET).runs == ()
    assert place.converge(cluster(), secrets=OTHER).words == WHOLE
    assert place.converge(cluster()).words == WHOLE
    assert place.converge(cluster()).runs == ()


def test_a_run_that_failed_with_new_ones_is_run_again_with_the_earlier_ones_too(place: Place) -> None:
    place.install(cluster())
    assert place.converge(cluster(), secrets=SECRET, failing="cluster.yml").status == 1
    assert place.converge(cluster()).words == WHOLE


def test_those_that_come_while_a_run_goes_on_are_for_the_next(place: Place) -> None:
    place.install(cluster())
    assert read(place.converge(cluster(), secrets=SECRET, secrets_meanwhile=OTHER)) == {
        '{"registry_password": "hunter2"}'
    }
    done = place.converge(cluster(), secrets=OTHER)
    assert done.words == WHOLE
    assert read(done) == {'{"registry_password": "hunter3"}'}


def test_a_full_disk_leaves_the_applied_ones_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SecretFiles(tmp_path)
    (tmp_path / "secrets.json").write_text('{"a": "1"}', encoding="utf-8")
    files.take()
    files.keep()

    def full(_: Path, target: Path) -> None:
        target.write_text("{", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    for change in (files.take, files.keep):
        with pytest.raises(OSError, match="No space left"):
            change()
    assert (tmp_path / "secrets.applied.json").read_text(encoding="utf-8") == '{"a": "1"}'
    assert files.now.read_text(encoding="utf-8") == '{"a": "1"}'
