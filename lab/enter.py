"""Commands inside the lab: in a host's namespaces, or in the network namespace of a router or the operator."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from lab import cgroups, host, ssh
from lab.cable import CONTROL_ADDRESS
from lab.cgroups import Cgroups
from lab.errors import LabError
from lab.layout import Layout
from lab.supervisor import Run
from lab.topology import Host

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


def host_command(item: Host, layout: Layout, argv: Sequence[str], *, terminal: bool = False) -> list[str] | None:
    """Return the command that runs `argv` on a host as root, without the host's network; None: the host does not run.

    `terminal`: it may need the terminal of this process.
    """
    directory = layout.host(item.short)
    if item.machine:
        return None if Run.read(directory).pid is None else _on_machine(item, layout, argv, terminal=terminal)
    init = init_of(directory)
    return None if init is None else [*_in_container(init), *argv]


def _in_container(init: int) -> list[str]:
    """Return the prefix of a command that runs it in a container.

    A shell, not nsenter, waits for the command in the host's process namespace. When a host shuts down, all processes
    are stopped; nsenter then stops itself together with its child and never reaps it, so the host would never end.
    """
    return ["nsenter", f"--target={init}", "--all", "--no-fork", "--root", *_as_root()]


def _on_machine(item: Host, layout: Layout, argv: Sequence[str], *, terminal: bool) -> list[str]:
    """Return a command that logs in to a machine over a network of the lab, and then joins the host's own."""
    login = ssh.command(
        layout,
        f"root@{CONTROL_ADDRESS}",
        HostKeyAlias=item.name,
        ConnectTimeout="60",
        ServerAliveInterval="20",
        ServerAliveCountMax="6",
        RequestTTY="force" if terminal else "no",
    )
    there = ["nsenter", "--target=1", "--mount", "--net", *_as_root(), *argv]
    return [*netns_command(layout.host_netns(item)), *login, shlex.join(there)]


def _as_root() -> list[str]:
    """Return the prefix of a command that gives it the environment of a login as root."""
    assignments = [f"{key}={value}" for key, value in {**_ROOT, "TERM": os.environ.get("TERM", "dumb")}.items()]
    return ["env", "--chdir=/root", "--ignore-environment", *assignments, "sh", "-c", '"$@"; exit $?', "sh"]


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


def join_host(item: Host, layout: Layout, groups: Cgroups) -> None:
    """Move this process to the cgroups of the host's init, so that its children count as the host's.

    Before a machine, it is moved only where it ends with the machine, because its command is a process of the machine.
    """
    init = init_of(layout.host(item.short))
    if init is None:
        groups.join(host.leaf(item))
        return
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
