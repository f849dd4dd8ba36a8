"""Several `pulumi up` at one deployer: which of them starts a run, and which does not."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.scripts.fake_unit import Deployer, wait_until

WAITS = "waiting until it ends"


@pytest.fixture(params=["dash", "bash"])
def deployer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployer]:
    found = Deployer(tmp_path, request.param)
    yield found
    found.close()


def inventories(deployer: Deployer) -> list[str]:
    """Return the inventories of the runs that were started."""
    return [line.rpartition(" ")[2] for line in deployer.notes("started")]


def test_who_waits_for_another_run_and_is_abandoned_starts_nothing(deployer: Deployer) -> None:
    deployer.hold()
    first = deployer.converge("one")
    first.hears("following")
    second = deployer.converge("two")
    second.hears(WAITS)
    second.hang_up()
    deployer.release()
    second.process.wait(60)
    assert first.end()[0] == 0
    assert inventories(deployer) == ["one"]


def test_who_is_abandoned_ends_with_the_next_line_of_progress(deployer: Deployer) -> None:
    deployer.hold()
    deployer.converge("one").hears("following")
    second = deployer.converge("two")
    second.hears(WAITS)
    (deployer.state / "progress.log").write_text("first\n", encoding="utf-8")
    second.hears("first")
    second.hang_up()
    with (deployer.state / "progress.log").open("a", encoding="utf-8") as progress:
        progress.write("second\n")
    second.process.wait(60)
    assert (deployer.unit / "hold").exists(), "the run itself goes on"


def test_of_two_that_wait_the_newest_declaration_is_started_and_the_other_says_so(deployer: Deployer) -> None:
    deployer.hold()
    first = deployer.converge("one")
    first.hears("following")
    older = deployer.converge("two")
    older.hears(WAITS)
    newer = deployer.converge("three")
    newer.hears(WAITS)
    deployer.release()
    status, _, said = older.end()
    assert status == 1
    assert "a newer declaration came while this one waited: it is not started" in said
    assert newer.end()[0] == 0
    assert first.end()[0] == 0, "also where the newer run begins before it looks"
    assert inventories(deployer) == ["one", "three"]
    assert (deployer.state / "newest").read_text(encoding="utf-8") == deployer.notes("revisions")[-1] + "\n"


@pytest.mark.parametrize("status", ["0", "2"])
def test_who_looks_late_gets_the_result_of_its_own_run(deployer: Deployer, status: str) -> None:
    deployer.hold()
    (deployer.unit / "result").write_text(f"{status}\n", encoding="utf-8")
    first = deployer.converge("one")
    first.hears("following")
    second = deployer.converge("two")
    second.hears(WAITS)
    os.kill(first.process.pid, signal.SIGSTOP)
    deployer.release()
    second.hears("following")
    os.kill(first.process.pid, signal.SIGCONT)
    code, _, said = first.end()
    assert code == (1 if status == "2" else 0)
    assert ("status 2, and the run of a newer declaration has begun since" in said) == (status == "2")
    assert inventories(deployer) == ["one", "two"]


def test_an_older_one_is_not_started_where_nobody_follows_the_newest_any_more(deployer: Deployer) -> None:
    deployer.hold()
    deployer.converge("one").hears("following")
    older, newer = deployer.converge("two"), None
    older.hears(WAITS)
    newer = deployer.converge("three")
    newer.hears(WAITS)
    newer.hang_up()
    deployer.release()
    assert older.end()[0] == 1
    newer.process.wait(60)
    assert inventories(deployer) == ["one"]


def test_the_same_declaration_is_started_once(deployer: Deployer) -> None:
    deployer.hold()
    both = [deployer.converge("one"), deployer.converge("one")]
    for session in both:
        session.hears("following")
    deployer.release()
    assert [session.end()[:2] for session in both] == [(0, '{"order": ["a"],\n "first": ""}\n')] * 2
    assert inventories(deployer) == ["one"]


def test_a_removal_that_is_abandoned_removes_nothing(deployer: Deployer) -> None:
    (deployer.state / "inventory").mkdir()
    deployer.hold()
    first = deployer.converge("one")
    first.hears("following")
    removal = deployer.call("remove")
    assert removal.process.stdout is not None
    assert WAITS in removal.process.stdout.readline()
    removal.hang_up()
    deployer.release()
    removal.process.wait(60)
    assert first.end()[0] == 0
    assert inventories(deployer) == ["one"]
    assert (deployer.state / "inventory").exists()


def test_what_waits_does_not_keep_the_machine_busy(deployer: Deployer) -> None:
    """Until the unit is gone, too: its last processes may take a while to end."""
    deployer.hold()
    session = deployer.converge("one")
    session.hears("following")
    wait_until(lambda: any("MainPID" in call for call in deployer.notes("calls")))
    (deployer.unit / "ends").touch()
    before, since = len(deployer.notes("calls")), time.monotonic()
    deployer.release()
    wait_until(lambda: len(deployer.notes("calls")) > before)
    time.sleep(2)  # how often systemd is asked meanwhile is what counts
    (deployer.unit / "ends").unlink()
    assert session.end()[0] == 0
    assert len(deployer.notes("calls")) - before < (time.monotonic() - since) * 2 + 10


def test_the_unit_gets_nothing_of_an_environment_and_refuses_to_be_restarted(deployer: Deployer) -> None:
    assert deployer.converge("one").end()[0] == 0
    words = deployer.notes("started")[0].split()
    assert "--property=RefuseManualStop=yes" in words
    assert not [word for word in words if word.startswith(("--setenv", "-E"))]
    program = words[words.index("env") :]
    assert program[:3] == ["env", "-i", "HOME=/root"]
    assert program[4] == "LC_ALL=C.UTF-8"


def test_the_former_key_is_kept_for_nodes_that_leave(deployer: Deployer) -> None:
    for key in ("old", "new", "new"):
        assert deployer.converge("one", key).end()[0] == 0
    keys = [file.read_text(encoding="utf-8") for file in (deployer.state / "former").iterdir()]
    assert [key.splitlines()[1] for key in keys] == ["old"]
    assert (deployer.state / "id_ed25519").read_text(encoding="utf-8").splitlines()[1] == "new"
    assert {file.stat().st_mode & 0o777 for file in (deployer.state / "former").iterdir()} == {0o600}
