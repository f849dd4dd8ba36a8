"""The test bed: an operator's network namespace, and two more with a real sshd each. No packet leaves them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.plugins.client import PluginClient

if TYPE_CHECKING:
    from types import TracebackType

TREE = Path(__file__).resolve().parents[2]
OPERATOR, UNREACHABLE = "192.0.2.200", "192.0.2.99"
HOSTS = {1: "192.0.2.1", 2: "192.0.2.2"}

SSHD_CONFIG = """
ListenAddress {address}
HostKey {directory}/host_key_{number}
AuthorizedKeysFile {directory}/authorized_keys
StrictModes no
PidFile none
UsePAM no
PasswordAuthentication no
MaxStartups 200
MaxSessions 200
LogLevel ERROR
{extra}
"""
EXTRA = {1: "AcceptEnv PULUMI_COMMAND_* BED_*\nSubsystem sftp /usr/lib/openssh/sftp-server", 2: ""}
"""Host 1 is the one of the recordings; host 2 accepts no environment and has no sftp, as hardened servers do."""


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass
class Bed:
    """Addresses, keys and a directory that both hosts see: they share this machine's file system."""

    directory: Path
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Bed:
        with ExitStack() as stack:
            self._make_keys()
            self._make_network(stack)
            for number in HOSTS:
                self._start_sshd(number, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def namespace(self, name: str) -> str:
        return f"plugins-{os.getpid()}-{name}"

    def plugin(self, executable: Path, **environment: str) -> PluginClient:
        """Starts a plug-in in the operator's namespace; no SSH agent of the user's is seen."""
        inherited = {key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"}
        prefix = ("ip", "netns", "exec", self.namespace("operator"))
        return PluginClient(executable, prefix, TREE, inherited | environment)

    def key(self, name: str) -> str:
        return (self.directory / name).read_text()

    def host_key(self, number: int) -> str:
        """Type and key, without the comment."""
        return " ".join(self.key(f"host_key_{number}.pub").split()[:2])

    def connection(self, number: int = 1, **other: object) -> dict[str, object]:
        """A connection to a host, as a program gives it."""
        return {
            "host": HOSTS[number],
            "hostKey": self.host_key(number),
            "privateKey": self.key("id_ed25519"),
            "user": "root",
            "port": 22,
            "dialErrorLimit": 2,
            "perDialTimeout": 30,
        } | other

    def make_user_key(self, name: str, passphrase: str) -> str:
        """A further key that both hosts accept, encrypted."""
        path = self.directory / name
        if not path.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(path))
            with (self.directory / "authorized_keys").open("a") as keys:
                keys.write(self.key(f"{name}.pub"))
        return self.key(name)

    def _make_keys(self) -> None:
        for name in ("host_key_1", "host_key_2", "id_ed25519"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.directory / name))
        (self.directory / "authorized_keys").write_text(self.key("id_ed25519.pub"))

    def _make_network(self, stack: ExitStack) -> None:
        operator = self.namespace("operator")
        for name in ("operator", "host1", "host2"):
            run("ip", "netns", "add", self.namespace(name))
            stack.callback(run, "ip", "netns", "del", self.namespace(name))
            run("ip", "-n", self.namespace(name), "link", "set", "lo", "up")
        run("ip", "-n", operator, "link", "add", "lan", "type", "bridge")
        run("ip", "-n", operator, "address", "add", f"{OPERATOR}/24", "dev", "lan")
        run("ip", "-n", operator, "link", "set", "lan", "up")
        for number, address in HOSTS.items():
            host, port = self.namespace(f"host{number}"), f"port{number}"
            run("ip", "-n", host, "link", "add", "veth0", "type", "veth", "peer", "name", port, "netns", operator)
            run("ip", "-n", operator, "link", "set", port, "master", "lan", "up")
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", "veth0")
            run("ip", "-n", host, "link", "set", "veth0", "up")
        # Nobody has this MAC address: what is sent there is never answered.
        absent = ("lladdr", "02:00:00:00:00:99", "dev", "lan", "nud", "permanent")
        run("ip", "-n", operator, "neighbour", "add", UNREACHABLE, *absent)

    def _start_sshd(self, number: int, stack: ExitStack) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)  # Debian's sshd wants it, and without systemd nobody makes it
        config = self.directory / f"sshd_config_{number}"
        config.write_text(
            SSHD_CONFIG.format(address=HOSTS[number], directory=self.directory, number=number, extra=EXTRA[number])
        )
        host = self.namespace(f"host{number}")
        process = subprocess.Popen(["ip", "netns", "exec", host, "/usr/sbin/sshd", "-D", "-e", "-f", str(config)])
        stack.callback(_end, process)
        self._wait_for(HOSTS[number])

    def _wait_for(self, address: str, seconds: float = 150) -> None:
        probe = "import socket,sys; socket.create_connection((sys.argv[1], 22), 10).recv(4)"
        deadline = time.monotonic() + seconds
        while True:
            command = ["ip", "netns", "exec", self.namespace("operator"), sys.executable, "-c", probe, address]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return
            if time.monotonic() > deadline:
                message = f"the test bed's sshd at {address} does not answer"
                raise TimeoutError(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(150)
