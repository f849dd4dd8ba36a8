"""How Pulumi reaches a host: connection and privileges.

Host keys are always given; a dead host is given up after about half a minute, not after minutes.
"""

from dataclasses import dataclass

import pulumi
from pulumi_command.remote import ConnectionArgs

from components.model.spec import Node
from components.remote.bastion import proxy_of

DIAL_ERROR_LIMIT = 3
PER_DIAL_TIMEOUT = 10
"""Seconds."""


@dataclass(frozen=True)
class Access:
    """How Pulumi logs in. `private_key` is secret; None: the SSH agent of the session is asked."""

    private_key: pulumi.Output[str] | None

    @staticmethod
    def of(private_key: pulumi.Input[str] | None) -> "Access":
        """Return the access with a private key; None: by the SSH agent."""
        return Access(None if private_key is None else pulumi.Output.secret(private_key))


@dataclass(frozen=True)
class Host:
    """A host as remote commands see it."""

    connection: ConnectionArgs
    become: str
    """Put before every command: empty for root, else sudo without a password prompt."""


def host_of(node: Node, access: Access) -> Host:
    """Return how Pulumi reaches a node."""
    return Host(
        connection=ConnectionArgs(
            host=node.ssh.host,
            port=node.ssh.port,
            user=node.ssh.user,
            private_key=access.private_key,
            host_key=node.ssh.host_key,
            dial_error_limit=DIAL_ERROR_LIMIT,
            per_dial_timeout=PER_DIAL_TIMEOUT,
            proxy=proxy_of(node.ssh, access.private_key, PER_DIAL_TIMEOUT),
        ),
        become="" if node.ssh.user == "root" else "sudo -n ",
    )
