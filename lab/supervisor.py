"""The supervisor of a host: a process that boots it, and boots it again after each reboot.

    python -m lab.supervisor DIRECTORY

A second supervisor of the same host ends at once. If a supervisor is killed, its host runs on until the next `up`.
"""

import fcntl
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import host, process
from lab.cgroups import Cgroups
from lab.emulated.run import REBOOT

MODULE = (sys.executable, "-m", "lab.supervisor")


@dataclass(frozen=True)
class Run:
    """State of a host's runs.

    `pid` is that of systemd-nspawn, or of qemu's parent; `exit_code` is that of the last run, if none runs.
    """

    boots: int = 0
    pid: int | None = None
    exit_code: int | None = None

    @classmethod
    def read(cls, directory: Path) -> "Run":
        """Return the recorded state; an empty one if the host has never run."""
        try:
            return cls(**json.loads((directory / "run.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def write(self, directory: Path) -> None:
        """Replace the record atomically."""
        temporary = directory / "run.new"
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.rename(directory / "run.json")


def supervise(directory: Path) -> int:
    """Boot the host again as long as it ends by a reboot; return the last exit code."""
    boots = Run.read(directory).boots
    code = REBOOT
    while code == REBOOT:
        boot = host.Boot.read(host.boot_file(directory))
        cgroups = Cgroups(tuple(map(Path, boot.cgroups)))
        cgroups.kill(boot.leaf)
        cgroups.remove(boot.leaf)  # systemd and kubelet leave cgroups behind
        boot.cable.connect()
        boots += 1
        system = process.start(
            boot.command,
            cgroups.make(boot.leaf),
            log=directory / "console.log",
            environment={"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "SYSTEMD_NSPAWN_LOCK": "0"},
        )
        _say(f"boot {boots}: process {system.pid} runs it")
        Run(boots, pid=system.pid).write(directory)
        code = system.wait()
        Run(boots, exit_code=code).write(directory)
        _say(f"it ended with exit code {code}")
    cgroups.kill(boot.leaf)
    boot.cable.disconnect()
    return code


def main(directory: Path) -> int:
    """Supervise the host while holding its lock; return the exit code, 1 if another supervisor has the lock."""
    with (directory / "supervisor.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("this host has another supervisor already")
            return 1
        return supervise(directory)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} [{os.getpid()}] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
