"""A host that was reinstalled: the same address, another host key, and nothing of ours on its disk."""

import dataclasses
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.engine import Engine
from tests.plugins.bed import HOSTS, Bed, run
from tests.support.examples import TREE

PROGRAM = Path(__file__).parent / "reinstalled"
PORT = 2201
STACK = ("--stack", "reinstalled")
SSHD = """
Port {port}
ListenAddress {address}
HostKey {key}
AuthorizedKeysFile {authorized}
StrictModes no
PidFile none
UsePAM no
Subsystem sftp /usr/lib/openssh/sftp-server
"""


@contextmanager
def installed(bed: Bed, place: Path) -> Iterator[str]:
    """Install a host: an empty disk and a key of its own. Yield its public key."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "disk").mkdir(parents=True)
    key, config = place / "host_key", place / "sshd_config"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    authorized = bed.directory / "authorized_keys"
    config.write_text(SSHD.format(port=PORT, address=HOSTS[1], key=key, authorized=authorized), encoding="utf-8")
    namespace = ("ip", "netns", "exec", bed.namespace("host1"))
    with subprocess.Popen([*namespace, "/usr/sbin/sshd", "-D", "-e", "-f", str(config)]) as process:
        try:
            deadline = time.monotonic() + 600
            while not run(*namespace, "ss", "-Hltn", f"sport = :{PORT}"):
                assert time.monotonic() < deadline, "sshd does not listen"
                time.sleep(0.1)
            yield " ".join(key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
        finally:
            process.terminate()


class Program:
    """The program, with one host."""

    def __init__(self, engine: Engine, bed: Bed, place: Path) -> None:
        program, source = place / "program", place / "uploaded"
        shutil.copytree(PROGRAM, program)
        source.mkdir()
        (source / "file").write_text("uploaded\n", encoding="utf-8")
        self.engine = dataclasses.replace(
            engine,
            program=program,
            prefix=("ip", "netns", "exec", bed.namespace("operator")),
            environment={**engine.environment, "PYTHONPATH": os.pathsep.join([str(TREE), str(program)])},
        )
        self.disk = place / "host/disk"
        self.engine("stack", "init", "reinstalled")
        self.set(host=HOSTS[1], port=str(PORT), source=str(source), directory=str(self.disk), nodes="one")
        self.engine("config", "set", "--secret", "privateKey", *STACK, stdin=bed.key("id_ed25519"))

    def set(self, **values: str) -> None:
        for name, value in values.items():
            self.engine("config", "set", name, value, *STACK)

    def up(self, *words: str, check: bool = True, **values: str) -> str:
        self.set(**values)
        return self.engine("up", "--yes", "--skip-preview", *words, *STACK, check=check).stdout

    def done(self) -> str:
        """Return what was done on the host."""
        return (self.disk / "done").read_text(encoding="utf-8")


@pytest.fixture
def program(engine: Engine, bed: Bed, tmp_path: Path) -> Iterator[Program]:
    made = Program(engine, bed, tmp_path)
    yield made
    made.engine("stack", "rm", "--yes", "--force", *STACK)


ALL = "uploaded\nsecret of the state\n"


def test_one_run_gives_a_reinstalled_host_everything_again(program: Program, bed: Bed, tmp_path: Path) -> None:
    with installed(bed, tmp_path / "host") as key:
        program.up(hostKey=key)
        assert program.done() == ALL
    with installed(bed, tmp_path / "host") as key:
        said = program.up(hostKey=key)
        assert program.done() == ALL, "and nothing was removed after it"
        assert (program.disk / "uploaded/file").exists()
        assert "1 replaced" in said
        assert "2 updated" in said
        program.up("--expect-no-changes")


def test_a_machine_gets_another_name_in_two_runs_only(program: Program, bed: Bed, tmp_path: Path) -> None:
    with installed(bed, tmp_path / "host") as key:
        program.up(hostKey=key)
        said = program.up(nodes="two", check=False)
        assert "is the machine that was one in the last run" in said
        assert "Traceback" not in said
        assert program.done() == ALL
        program.up(nodes=" ")
        assert not (program.disk / "done").exists()
        program.up(nodes="two")
        assert program.done() == ALL
