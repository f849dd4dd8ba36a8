"""Processes that outlive the command that starts them."""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_IN_CGROUPS = Path(__file__).parent / "scripts" / "in-cgroups"


def start(
    command: Sequence[str], cgroups: Sequence[Path], *, log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command in these cgroups, in a session of its own, detached from our terminal, pipes and directory.

    On return, the process is in all of the cgroups, or has ended. Its output is appended to `log`. Its environment is
    PATH and HOME of ours, and `environment`.
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
    while started.poll() is None and not _is_in(cgroups[-1], started.pid):
        time.sleep(0.002)
    return started


def _is_in(cgroup: Path, pid: int) -> bool:
    """Tell whether a process is in a cgroup or below it: systemd-nspawn soon moves itself to a child."""
    for procs in (cgroup / "cgroup.procs", *cgroup.glob("*/cgroup.procs")):
        with contextlib.suppress(OSError):  # gone meanwhile
            if str(pid) in procs.read_text().split():
                return True
    return False
