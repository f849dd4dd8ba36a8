"""Progress of long steps: their titles, their expected and actual durations, and signs of life."""

import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.errors import ToolError

HEARTBEAT_SECONDS = 20.0
_TAIL_LINES = 25


@contextmanager
def step(title: str, *, expect: str = "") -> Iterator[None]:
    """Print the title before the body and the seconds after it; append both to the file `$STRETCHED_TIMINGS`, if set.

    `expect` is the expected duration in words ("about 5 min"). A line of the file is `seconds<TAB>title`.
    """
    print(f"==> {title} ({expect})" if expect else f"==> {title}", flush=True)
    start = time.monotonic()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        seconds = time.monotonic() - start
        print(f"    {outcome} {seconds:.1f} s", flush=True)
        if timings := os.environ.get("STRETCHED_TIMINGS"):
            with Path(timings).open("a", encoding="utf-8") as file:
                file.write(f"{seconds:.1f}\t{title}{'' if outcome == 'done in' else ' (failed)'}\n")


@contextmanager
def heartbeat(status: Callable[[], str], *, every: float = HEARTBEAT_SECONDS) -> Iterator[None]:
    """Print the elapsed time and `status()` every `every` seconds while the body runs, as a sign of life."""
    start = time.monotonic()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            minutes, seconds = divmod(int(time.monotonic() - start), 60)
            print(f"    {minutes}:{seconds:02d} {status()}", flush=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    describe: Callable[[int, str], str] = lambda _, last: last,
) -> None:
    """Run a command that may take minutes. Print a heartbeat, not its output.

    `describe` returns the text of the heartbeat, given the number of lines so far and the last line. Raises ToolError
    when the command cannot be started or its exit code is not 0; the message has the last lines of its output.
    """
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    count = 0
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        message = f"{command[0]} cannot be run: {error.strerror}"
        raise ToolError(message) from error
    with process, heartbeat(lambda: describe(count, tail[-1] if tail else "")):
        assert process.stdout is not None  # noqa: S101 - stdout=PIPE above
        try:
            for line in process.stdout:
                tail.append(line.rstrip())
                count += 1
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        shown = "\n".join(f"    | {line}" for line in tail)
        message = f"{' '.join(command[:3])} ... ended with exit code {process.returncode}; its last lines:\n{shown}"
        raise ToolError(message)
