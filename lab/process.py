"""Processes that outlive the command that starts them."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_IN_CGROUPS = Path(__file__).parent / "scripts" / "in-cgroups"


def start(
    command: Sequence[str], cgroups: Sequence[Path], *, log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command in these cgroups, in a session of its own, with no tie to our terminal, pipes and directory.

    When this returns the process is in all of the cgroups, or has ended. Its output is appended to `log`. Of our
    environment it gets PATH and HOME only, and `environment` on top.
    """
    with log.open("ab") as output:
        started = subprocess.Popen(
            [str(_IN_CGROUPS), *map(str, cgroups), "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}, **(environment or {})},
            start_new_session=True,
        )
    while started.poll() is None and str(started.pid) not in (cgroups[-1] / "cgroup.procs").read_text().split():
        time.sleep(0.002)
    return started
