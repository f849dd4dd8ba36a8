"""Cgroups of a lab: one leaf per host, supervisor or server, in every hierarchy of the machine.

They have two purposes. Hosts need cgroups of their own to run systemd. And every process in them belongs to the lab, so
the lab can identify and end its processes even when its record is lost.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

_KILL_SECONDS = 120.0
_UNIFIED = "cgroup2"


@dataclass(frozen=True)
class Cgroups:
    """The lab's directories, one per hierarchy; all leaves are below them."""

    tops: tuple[Path, ...]

    def make(self, leaf: str) -> tuple[Path, ...]:
        """Return the directories of a leaf, and make them if they do not exist."""
        return tuple(_make(top, leaf) for top in self.tops)

    def processes(self, leaf: str = "") -> set[int]:
        """Return the ids of the processes that are now in a leaf, or in the whole lab."""
        pids: set[int] = set()
        for top in self.tops:
            for directory, _, _ in os.walk(top / leaf):
                pids |= _listed(Path(directory))
        return pids

    def leaves(self) -> set[str]:
        """Return the names of the existing leaves."""
        return {path.name for top in self.tops if top.is_dir() for path in top.iterdir() if path.is_dir()}

    def signal(self, which: signal.Signals, leaf: str = "") -> set[int]:
        """Send a signal to every process of a leaf, or of the whole lab; return their ids."""
        pids = self.processes(leaf)
        held = {pid: descriptor for pid in pids if (descriptor := _held(pid)) is not None}
        # The second look, with descriptors open, ensures that no id has passed to an unrelated process.
        still = self.processes(leaf)
        for pid, descriptor in held.items():
            with suppress(ProcessLookupError):
                if pid in still:
                    signal.pidfd_send_signal(descriptor, which)
            os.close(descriptor)
        return pids

    def kill(self, leaf: str = "") -> None:
        """Kill every process of a leaf, or of the whole lab, and return when all have ended."""
        deadline = time.monotonic() + _KILL_SECONDS
        while pids := self.signal(signal.SIGKILL, leaf):
            if time.monotonic() > deadline:
                message = f"these processes of the lab do not end: {' '.join(map(str, sorted(pids)))}"
                raise LabError(message)
            time.sleep(0.02)

    def join(self, leaf: str) -> None:
        """Move this process to a leaf, in one hierarchy only: that is enough for `kill` to end it and its children."""
        (_make(self.tops[-1], leaf) / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def remove(self, leaf: str = "") -> None:
        """Remove the directories of a leaf, or of the whole lab. They must not contain processes."""
        for top in self.tops:
            for directory, _, _ in os.walk(top / leaf, topdown=False):
                _rmdir(Path(directory))


def plan(lab: str) -> Cgroups:
    """Return the directories of a lab on this machine, without making them.

    They are below the cgroups of this process, so that its limits apply to the lab. If the machine has cgroup v2 only,
    they are at its root, because there a cgroup with processes must not have children with controllers.
    """
    own = _own_paths()
    mounts = list(_mounts())
    alone = all(kind == _UNIFIED for _, kind, _ in mounts)
    tops = []
    for directory, kind, options in mounts:
        path = own[""] if kind == _UNIFIED else next((own[name] for name in own if name and name in options), "/")
        below = directory if alone else directory / path.lstrip("/")
        tops.append(below / f"stretched-lab-{lab}")
    return Cgroups(tuple(tops))


def of_process(pid: int) -> list[Path]:
    """Return the directories of a process's cgroups."""
    own = _own_paths(pid)
    return [
        directory
        / (own[""] if kind == _UNIFIED else next((own[n] for n in own if n and n in options), "/")).lstrip("/")
        for directory, kind, options in _mounts()
    ]


def _own_paths(pid: int | None = None) -> dict[str, str]:
    """Return the cgroups of a process by controller, that of the unified hierarchy by an empty name (cgroups(7))."""
    lines = Path(f"/proc/{pid or 'self'}/cgroup").read_text(encoding="utf-8").splitlines()
    return {controllers.split(",")[0]: path for _, controllers, path in (line.split(":", 2) for line in lines)}


def _mounts() -> Iterator[tuple[Path, str, set[str]]]:
    """Yield directory, type and options of each hierarchy (proc_pid_mountinfo(5))."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", _UNIFIED):
            yield Path(before.split(" ")[4]), kind, set(options.split(","))


def _make(top: Path, leaf: str) -> Path:
    for directory in (top, top / leaf):
        directory.mkdir(exist_ok=True)
        if (controllers := directory / "cgroup.controllers").exists() and directory == top:
            enabled = " ".join(f"+{name}" for name in controllers.read_text(encoding="ascii").split())
            (directory / "cgroup.subtree_control").write_text(enabled, encoding="ascii")
        for name in ("cpuset.cpus", "cpuset.mems"):  # empty in a new v1 cpuset, which then accepts no process
            file = directory / name
            if (directory / "cgroup.clone_children").exists() and file.exists() and not file.read_text().strip():
                file.write_text((directory.parent / name).read_text())
    return top / leaf


def _held(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _listed(directory: Path) -> set[int]:
    try:
        return {int(line) for line in (directory / "cgroup.procs").read_text(encoding="ascii").split()}
    except OSError:  # removed meanwhile
        return set()


def _rmdir(directory: Path) -> None:
    deadline = time.monotonic() + _KILL_SECONDS
    while directory.exists():
        try:
            directory.rmdir()
        except OSError as error:
            # The kernel keeps a dead process in its cgroup for a moment.
            if time.monotonic() > deadline:
                message = f"cgroup {directory} cannot be removed: {error.strerror}"
                raise LabError(message) from error
            time.sleep(0.02)
