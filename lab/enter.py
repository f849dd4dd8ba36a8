"""Ways into the lab: a host by its namespaces, a router or the operator's place by its network namespace."""

import os
from pathlib import Path

from lab import cgroups
from lab.errors import LabError
from lab.supervisor import Run

# What a login as root has, see login(1).
_ROOT = {
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


def netns_command(name: str) -> list[str]:
    """Return the words before a command that run it in a network namespace of this machine."""
    return ["ip", "netns", "exec", name]


def host_command(init: int) -> list[str]:
    """Return the words before a command that run it on a host as root. They do not need the host's network.

    A shell starts the command in the host's process namespace and waits for it, not nsenter: nsenter stops itself when
    its child is stopped, as every process is when a host shuts down, and would never reap it, so the host never ended.
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
    """Return the process that is the host's init, None while there is none."""
    nspawn = Run.read(directory).pid
    if nspawn is None:
        return None
    try:
        children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None
    return next((int(child) for child in children if _is_init(int(child))), None)


def join_host(init: int) -> None:
    """Move this process to the cgroups of the host's init, so that what it starts there is seen as the host's."""
    for directory in cgroups.of_process(init):
        try:
            (directory / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        except OSError as error:
            message = f"cannot enter the host's cgroup {directory}: {error.strerror}; is it just ending?"
            raise LabError(message) from error


def _is_init(pid: int) -> bool:
    """Tell whether the process is the first of a process namespace."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    return len(ids) > 2 and ids[-1] == "1"
