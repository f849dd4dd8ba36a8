"""Files for access to the lab's hosts: the operator's key, known hosts, Pulumi's passphrase and state."""

from collections.abc import Iterable
from pathlib import Path

from lab import host
from lab.command import run
from lab.layout import Layout
from lab.topology import SSH_PORT, Host, Topology

# The lab's stack protects nothing real, and its salt is in the repository.
_PASSPHRASE = "lab"  # noqa: S105


def make(layout: Layout) -> None:
    """Make the files that do not depend on hosts. An existing key is kept, because hosts have authorized it."""
    for directory in (layout.access, layout.master_key.parent):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
    pulumi_state(layout).mkdir(exist_ok=True)
    passphrase(layout).touch(mode=0o600)
    passphrase(layout).write_text(_PASSPHRASE, encoding="utf-8")
    key = layout.master_key
    if not key.with_suffix(".pub").exists():
        key.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"operator@{layout.name}", "-f", str(key))
    for copy, original in (
        (layout.private_key, key),
        (layout.private_key.with_suffix(".pub"), key.with_suffix(".pub")),
    ):
        copy.touch(mode=0o600)
        copy.write_bytes(original.read_bytes())


def write_known_hosts(topology: Topology, layout: Layout) -> None:
    """Write each host's key, under its name and, if the operator can reach it, its address and port."""
    lines = [f"{','.join(_names(topology, item))} {host.host_key(item, layout)}\n" for item in topology.hosts]
    layout.known_hosts.write_text("".join(lines), encoding="utf-8")


def passphrase(layout: Layout) -> Path:
    """Return the file with the passphrase of the lab's stack."""
    return layout.access / "passphrase"


def pulumi_state(layout: Layout) -> Path:
    """Return the directory of Pulumi's file backend."""
    return layout.access / "pulumi"


def _names(topology: Topology, item: Host) -> Iterable[str]:
    yield item.name
    if ssh := topology.ssh(item):
        yield str(ssh.address) if ssh.port == SSH_PORT else f"[{ssh.address}]:{ssh.port}"
