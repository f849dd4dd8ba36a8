"""Commands inside the lab: in a host's namespaces, or in the network namespace of a router or the operator."""

import os
from pathlib import Path

from lab import cgroups
from lab.errors import LabError
from lab.supervisor import Run

# The environment of a login as root, see login(1).
_ROOT = {
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


def netns_command(name: str) -> list[str]:
    """Return the prefix of a command that runs it in a network namespace of this machine."""
    return ["ip", "netns", "exec", name]


def host_command(init: int) -> list[str]:
    """Return the prefix of a command that runs it on a host as root, without the host's network.

    A shell, not nsenter, waits for the command in the host's process namespace. When a host shuts down, all processes
    are stopped; nsenter then stops itself together with its child and never reaps it, so the host would never end.
    """
    root = {**_ROOT, "TERM": os.environ.get("TERM", "dumb")}
    assignments = [f"{key}={value}" for key, value in root.items()]
    return [
        "nsenter",
        f"--target={init}",
        "--all",
        "--no-fork",
        "--root",
        "env",
        "--chdir=/root",
        "--ignore-environment",
        *assignments,
        "sh",
        "-c",
        '"$@"; exit $?',
        "sh",
    ]


def init_of(directory: Path) -> int | None:
    """Return the process id of the host's init; None: the host does not run."""
    nspawn = Run.read(directory).pid
    if nspawn is None:
        return None
    try:
        children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None
    return next((int(child) for child in children if _is_init(int(child))), None)


def join_host(init: int) -> None:
    """Move this process to the cgroups of the host's init, so that its children count as the host's."""
    for directory in cgroups.of_process(init):
        try:
            (directory / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        except OSError as error:
            message = f"cannot enter the host's cgroup {directory}: {error.strerror}; is the host shutting down?"
            raise LabError(message) from error


def _is_init(pid: int) -> bool:
    """Tell whether the process is the first one of a process namespace."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    return len(ids) > 2 and ids[-1] == "1"
