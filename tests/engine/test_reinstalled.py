"""A host that was reinstalled: the same address, another host key, and nothing of ours on its disk."""

import dataclasses
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
            deadline = time.monotonic() + 60
            while not run(*namespace, "ss", "-Hltn", f"sport = :{PORT}"):
                assert time.monotonic() < deadline, "sshd does not listen"
                time.sleep(0.1)
            yield " ".join(key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
        finally:
            process.terminate()


def test_one_run_gives_a_reinstalled_host_everything_again(engine: Engine, bed: Bed, tmp_path: Path) -> None:
    program, place = tmp_path / "program", tmp_path / "host"
    shutil.copytree(PROGRAM, program)
    source = tmp_path / "uploaded"
    source.mkdir()
    (source / "file").write_text("uploaded\n", encoding="utf-8")
    pulumi = dataclasses.replace(
        engine,
        program=program,
        prefix=("ip", "netns", "exec", bed.namespace("operator")),
        environment={**engine.environment, "PYTHONPATH": os.pathsep.join([str(TREE), str(program)])},
    )
    pulumi("stack", "init", "reinstalled")
    values = {"host": HOSTS[1], "port": str(PORT), "source": str(source), "directory": str(place / "disk")}
    for name, value in values.items():
        pulumi("config", "set", name, value, *STACK)
    pulumi("config", "set", "--secret", "privateKey", *STACK, stdin=bed.key("id_ed25519"))
    expected = "uploaded\nsecret of the state\n"

    def up(host_key: str) -> str:
        pulumi("config", "set", "hostKey", host_key, *STACK)
        return pulumi("up", "--yes", "--skip-preview", *STACK).stdout

    with installed(bed, place) as key:
        up(key)
        assert (place / "disk/done").read_text(encoding="utf-8") == expected
    with installed(bed, place) as key:
        said = up(key)
        assert (place / "disk/done").read_text(encoding="utf-8") == expected, "and nothing was removed after it"
        assert (place / "disk/uploaded/file").exists()
        assert "1 replaced" in said
        assert "2 updated" in said
        pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", *STACK)
