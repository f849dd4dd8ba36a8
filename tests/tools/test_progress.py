import re
import threading
from pathlib import Path

import pytest

from tools import progress
from tools.errors import ToolError
from tools.progress import heartbeat, run, step


def test_a_step_says_what_it_is_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with step("make it", expect="about a minute"):
        assert capsys.readouterr().out == "==> make it (about a minute)\n"
    assert re.fullmatch(r" {4}done in \d+\.\d s\n", capsys.readouterr().out)


def test_a_step_that_fails_does_not_say_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), step("make it"):
        raise ValueError("no")
    assert re.fullmatch(r"==> make it\n {4}failed after \d+\.\d s\n", capsys.readouterr().out)


def test_the_timings_file_gets_one_line_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timings = tmp_path / "timings"
    monkeypatch.setenv("STRETCHED_TIMINGS", str(timings))
    with step("one"):
        pass
    with pytest.raises(ValueError, match="no"), step("two"):
        raise ValueError("no")
    lines = timings.read_text(encoding="utf-8").splitlines()
    assert [re.fullmatch(r"\d+\.\d", line.split("\t")[0]) is not None for line in lines] == [True, True]
    assert [line.split("\t")[1] for line in lines] == ["one", "two (failed)"]


def test_a_long_step_shows_signs_of_life(capsys: pytest.CaptureFixture[str]) -> None:
    asked = threading.Event()

    def status() -> str:
        asked.set()
        return "half of it"

    with heartbeat(status, every=0.01):
        assert asked.wait(300)
    assert re.search(r"^    \d+:\d\d half of it$", capsys.readouterr().out, re.MULTILINE)


def test_a_command_that_succeeds_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    run(["sh", "-c", "echo noise; echo more >&2"])
    assert capsys.readouterr().out == ""


def test_the_status_of_a_command_follows_its_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"

    def describe(count: int, last: str) -> str:
        if (count, last) == (2, "two"):
            seen.touch()
        return f"{count} lines, last {last}"

    script = 'echo one; echo two; n=0; while [ ! -e "$0" ] && [ $n -lt 20000 ]; do sleep 0.01; n=$((n+1)); done'
    original = progress.heartbeat
    monkeypatch.setattr(progress, "heartbeat", lambda status: original(status, every=0.01))
    run(["sh", "-c", script, str(seen)], describe=describe)
    assert "2 lines, last two" in capsys.readouterr().out


def test_a_command_that_fails_shows_its_last_lines() -> None:
    with pytest.raises(ToolError) as caught:
        run(["sh", "-c", "seq 100; echo why >&2; exit 3"])
    message = str(caught.value)
    assert "exit code 3" in message
    assert message.endswith("    | 100\n    | why")
    assert "| 50\n" not in message


def test_a_command_that_is_not_there_is_one_clear_message() -> None:
    with pytest.raises(ToolError, match=r"^/nowhere/program cannot be run: No such file or directory$"):
        run(["/nowhere/program"])
