"""Connections to hosts: address, login, host key and privileges.

Host keys are always checked. Pulumi gives up on an unreachable host after about half a minute.
"""

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_command.remote import ConnectionArgs, ProxyConnectionArgs

from components.model.spec import Node
from components.remote.bastion import proxy_of

DIAL_ERROR_LIMIT = 3
"""Attempts to connect to a host."""
PER_DIAL_TIMEOUT = 10
"""Seconds."""


@dataclass(frozen=True)
class Access:
    """How Pulumi logs in where no key is declared: with `private_key`, secret, or by the SSH agent when it is None."""

    private_key: pulumi.Output[str] | None

    @staticmethod
    def of(private_key: pulumi.Input[str] | None) -> "Access":
        """Return the access with a private key, or by the SSH agent when it is None."""
        return Access(None if private_key is None else pulumi.Output.secret(private_key))

    def key(self, declared: str) -> pulumi.Output[str] | None:
        """Return the private key in a declared file, or that of everything else when none is declared. Secret."""
        if not declared:
            return self.private_key
        return pulumi.Output.secret(Path(declared).expanduser().read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Host:
    """The connection to a host, and the privileges there."""

    connection: ConnectionArgs
    become: str
    """Prefix of every command: empty for root, otherwise sudo without a password prompt."""
    machine: tuple[str, ...]
    """What says which machine this is, and which home on it: another one has none of the files that were uploaded."""


def host_of(node: Node, access: Access) -> Host:
    """Return the connection to a node."""
    return Host(
        connection=ConnectionArgs(
            host=node.ssh.host,
            port=node.ssh.port,
            user=node.ssh.user,
            private_key=access.key(node.ssh.private_key_file),
            host_key=node.ssh.host_key,
            dial_error_limit=DIAL_ERROR_LIMIT,
            per_dial_timeout=PER_DIAL_TIMEOUT,
            proxy=_proxy(node, access),
        ),
        become="" if node.ssh.user == "root" else "sudo -n ",
        machine=(node.ssh.place, node.ssh.host_key, node.ssh.user),
    )


def _proxy(node: Node, access: Access) -> ProxyConnectionArgs | None:
    bastion = node.ssh.bastion
    return proxy_of(bastion, access.key(bastion.private_key_file), PER_DIAL_TIMEOUT) if bastion else None
