"""A host in namespaces of its own: other users, homes, /var/lib and /run than this machine's, and root's rights in them.

Nothing outside of the directory that it is given is changed.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pulumi_command.remote import ConnectionArgs

from components.model.spec import SshTarget
from components.remote import host_files
from components.remote.bundles import HOST_DIRECTORY, Bundle, bundle
from components.remote.commands import Script
from components.remote.connection import Host

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a host with users of its own needs root and namespaces")
USERS = {"admin": 4241, "mallory": 4242}
KEY = 'from="192.168.0.1",no-agent-forwarding ssh-ed25519 AAAA stretched-deployer'
PUBLIC = "[Interface]\nAddress = 192.168.0.1/24\nListenPort = 51820\nMTU = 1420\n"
PREPARE = Script("node", "prepare.sh", limit=60)
TUNNEL = Script("node", "tunnel.sh", limit=60)
_STUB = "#!/bin/sh\n{}\n"
_MOUNTS = """
set -e
mount --make-rprivate /
for part in passwd group; do mount --bind {root}/$part /etc/$part; done
for part in home root var/lib etc/cron.daily; do mount --bind {root}/$part /$part; done
mount -t tmpfs none /run
export PATH={root}/bin:/usr/sbin:/usr/bin:/sbin:/bin STRETCHED_ETC={root}/stretched STRETCHED_UNITS={root}/units
cd {home}
"""


@dataclass(frozen=True)
class Machine:
    """One host below `root`. `home` is where homes are: two hosts may share it."""

    root: Path
    name: str = "a.example.org"
    homes: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """Of the node's bundle, besides its scripts."""

    def make(self) -> "Machine":
        """Lay out its directories; return it."""
        for part in ("root", "var/lib", "etc/cron.daily", "units", "bin"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        if self.homes:
            (self.root / "home").symlink_to(self.homes)
        for user, number in USERS.items():
            home = self.root / "home" / user
            home.mkdir(parents=True, exist_ok=True)
            os.chown(home, number, number)
        lines = [f"{user}:x:{number}:{number}::/home/{user}:/bin/sh\n" for user, number in USERS.items()]
        (self.root / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n" + "".join(lines), encoding="utf-8")
        groups = [f"{user}:x:{number}:\n" for user, number in USERS.items()]
        (self.root / "group").write_text("root:x:0:\n" + "".join(groups), encoding="utf-8")
        for name in ("wg", "systemctl", "nft"):
            self.stub(name, "exit 0")
        self.stub("sudo", 'shift; exec env SUDO_USER=admin HOME=/root "$@"')  # -n: it is asked by root already
        return self

    def stub(self, name: str, text: str) -> None:
        """Make a program of the host's."""
        path = self.root / "bin" / name
        path.write_text(_STUB.format(text), encoding="utf-8")
        path.chmod(0o755)

    @property
    def node(self) -> Bundle:
        """What is uploaded to it."""
        texts = {
            "wg0.public.conf": PUBLIC,
            "authorized_keys": f"{KEY}\n",
            "open.conf": "udp 51820\n",
            **self.files,
        }
        contents = {name: text.encode() for name, text in texts.items()}
        return bundle(
            "node", {**host_files.scripts("node"), **host_files.package("components.hosts.paths"), **contents}
        )

    def run(self, script: str, user: str = "root", shell: str = "sh") -> subprocess.CompletedProcess[str]:
        """Run a script on the host, in a user's home; as root in admin's where sudo is in the script."""
        home = "/root" if user == "root" else f"/home/{user}"
        rest = f"exec {shell} -c {shlex.quote(script)}"
        if user == "mallory":
            rest = f"exec setpriv --reuid {USERS[user]} --regid {USERS[user]} --clear-groups {shell} -c {shlex.quote(script)}"
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", _MOUNTS.format(root=self.root, home=home) + rest],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def upload(self, found: Bundle, user: str = "root") -> Path:
        """Put a bundle where SFTP puts it for a user; return its path from outside."""
        home = self.root / ("root" if user == "root" else f"home/{user}")
        path = home / HOST_DIRECTORY / found.upload_path(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.content)
        for made in (path, *path.parents[: len(path.relative_to(home).parts) - 1]):
            os.chown(made, USERS.get(user, 0), USERS.get(user, 0))
        return path

    def host(self, user: str = "root") -> Host:
        """The host as command lines see it."""
        target = SshTarget("192.0.2.1", 22, user, "")
        return Host(ConnectionArgs(host=target.host), "" if user == "root" else "sudo -n ", (target.place,))

    def prepare_line(self, user: str = "root") -> str:
        """What Pulumi has a host do first."""
        host = self.host(user)
        first = self.node.take_over(host, self.name, first=True)
        return f"{first} && {PREPARE.line(host, 'apply', self.name, of=self.node)}"

    def prepare(self, user: str = "root", shell: str = "sh") -> subprocess.CompletedProcess[str]:
        """Upload, and run the first command."""
        self.upload(self.node, user)
        return self.run(self.prepare_line(user), user, shell)

    @property
    def taken(self) -> Path:
        """Where root took bundles over to, from outside."""
        return self.root / "var/lib/stretched-uploads"
