"""A deployer whose systemd has one unit, a process that lives until it may end; deploy.sh runs there as sshd runs it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from components.cluster.playbooks import SHARED_SCRIPTS
from tests.support.examples import TREE

SCRIPTS = TREE / "components/hosts/scripts/deployer"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n"
SECRETS = '{"registry_password": "hunter2"}'
STUBS = {
    # While `ends` is there, the main process is gone and the unit is not.
    "systemctl": """#!/bin/sh
cd "$FAKE_UNIT" || exit 3
echo "$*" >>calls
pid=$(cat pid 2>/dev/null || echo 0)
kill -0 "$pid" 2>/dev/null || pid=0
case $* in
*ActiveState*) if [ "$pid" != 0 ]; then echo active; elif [ -e ends ]; then echo deactivating; else echo inactive; fi ;;
*MainPID*) echo "$pid" ;;
esac
""",
    # As systemd does, refuses a second unit of the same name. The run ends when `hold` is removed.
    "systemd-run": """#!/bin/sh
cd "$FAKE_UNIT" || exit 3
mkdir unit 2>/dev/null || { echo "Unit stretched-playbooks.service was already loaded" >&2; exit 1; }
echo "$*" >>started
cat ../state/revision >>revisions
(
    while [ -e hold ]; do sleep 0.05; done
    printf '{"order": ["a"],\\n "first": ""}\\n' >../state/applied.json
    cat "$FAKE_UNIT/result" >../state/status 2>/dev/null || echo 0 >../state/status
    rmdir unit
) </dev/null >/dev/null 2>&1 &
echo $! >pid
""",
}


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Await a condition; the limit is for a machine that is very busy."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@dataclass
class Session:
    """One deploy.sh, its output in pipes, as below sshd."""

    process: subprocess.Popen[str]
    said: str = ""

    def hears(self, text: str) -> None:
        """Read standard error until it has a text."""
        assert self.process.stderr is not None
        while text not in self.said:
            line = self.process.stderr.readline()
            assert line, f"{text!r} is not in {self.said!r}"
            self.said += line

    def hang_up(self) -> None:
        """Close both pipes, as sshd does when a connection ends; the process gets no signal."""
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return status, standard output and standard error."""
        stdout, stderr = self.process.communicate(timeout=120)
        return self.process.returncode, stdout, self.said + stderr


@dataclass
class Deployer:
    """The directories of a deployer below `root`."""

    root: Path
    shell: str = "dash"
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        scripts, programs = self.root / "playbooks", self.root / "programs"
        shutil.copytree(SCRIPTS, scripts)
        for name in SHARED_SCRIPTS:
            shutil.copy(SCRIPTS.parent / "node" / name, scripts)
        paths = scripts / "paths.sh"
        text = paths.read_text("utf-8").replace("/var/lib/stretched", str(self.state))
        paths.write_text(text.replace("/run/stretched", str(self.root / "run")), encoding="utf-8")
        for directory in (programs, self.state, self.unit):
            directory.mkdir(exist_ok=True)
        for name, text in STUBS.items():
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def unit(self) -> Path:
        return self.root / "unit"

    def notes(self, name: str) -> list[str]:
        """Return the lines that the stubs wrote to a file."""
        file = self.unit / name
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def hold(self) -> None:
        """Have runs go on until they may end."""
        (self.unit / "hold").touch()

    def release(self) -> None:
        """Let the run in progress end."""
        (self.unit / "hold").unlink()

    def call(self, *words: str, key: str = "x") -> Session:
        """Start deploy.sh."""
        process = subprocess.Popen(
            [self.shell, str(self.root / "playbooks/deploy.sh"), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            env={
                "STRETCHED_UPLOADS": str(self.root / "uploads"),
                "PATH": f"{self.root / 'programs'}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.root),
                "FAKE_UNIT": str(self.unit),
            },
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(f"{KEY.format(key)}{SECRETS}\n")
        process.stdin.close()
        process.stdin = None
        session = Session(process)
        self.sessions.append(session)
        return session

    def converge(self, inventory: str, key: str = "x") -> Session:
        """Start `deploy.sh converge` for an inventory."""
        return self.call("converge", inventory, key=key)

    def close(self) -> None:
        """End what still runs."""
        (self.unit / "hold").unlink(missing_ok=True)
        for session in self.sessions:
            with suppress(ProcessLookupError):
                os.killpg(session.process.pid, signal.SIGKILL)
            session.process.wait()
