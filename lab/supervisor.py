"""The process that stays with a host: boots it, and boots it again after each reboot.

    python -m lab.supervisor DIRECTORY

A second one for the same host ends at once. Should this process be killed, the host goes on alone until the next `up`.
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

MODULE = (sys.executable, "-m", "lab.supervisor")
_REBOOT = 133  # systemd-nspawn's exit code when the system inside asks for a reboot


@dataclass(frozen=True)
class Run:
    """How a host fares. `pid` is systemd-nspawn's; `exit_code` is that of the last run, while none runs."""

    boots: int = 0
    pid: int | None = None
    exit_code: int | None = None

    @classmethod
    def read(cls, directory: Path) -> "Run":
        """Return the last record; a fresh one when the host never ran."""
        try:
            return cls(**json.loads((directory / "run.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def write(self, directory: Path) -> None:
        """Replace the record in one go."""
        temporary = directory / "run.new"
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.rename(directory / "run.json")


def supervise(directory: Path) -> int:
    """Boot the host until it ends otherwise than by a reboot; return systemd-nspawn's exit code."""
    boots = Run.read(directory).boots
    code = _REBOOT
    while code == _REBOOT:
        how = host.Boot.read(host.boot_file(directory))
        cgroups = Cgroups(tuple(map(Path, how.cgroups)))
        cgroups.kill(how.leaf)
        cgroups.remove(how.leaf)  # what systemd and kubelet left in it
        how.cable.connect()
        boots += 1
        nspawn = process.start(
            how.command,
            cgroups.make(how.leaf),
            log=directory / "console.log",
            environment={"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "SYSTEMD_NSPAWN_LOCK": "0"},
        )
        _say(f"boot {boots}: systemd-nspawn is process {nspawn.pid}")
        Run(boots, pid=nspawn.pid).write(directory)
        code = nspawn.wait()
        Run(boots, exit_code=code).write(directory)
        _say(f"systemd-nspawn ended with exit code {code}")
    cgroups.kill(how.leaf)
    how.cable.disconnect()
    return code


def main(directory: Path) -> int:
    """Hold the host's lock for as long as this process lives."""
    with (directory / "supervisor.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another supervisor is with this host already")
            return 1
        return supervise(directory)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} [{os.getpid()}] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
