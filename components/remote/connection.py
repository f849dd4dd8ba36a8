"""Connections and commands: the conventions of every remote resource, in one place.

- Host keys are always given; a dead host is given up after about half a minute, not after minutes.
- The previous output never goes into the environment: a stock sshd refuses it.
- Every command has a time limit of its own, because a running command cannot be cancelled.
- Secrets go through standard input only; what such a command prints is secret too and is not logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_command.remote import Command, ConnectionArgs, CopyToRemote, Logging

from components.model.spec.specification import Node
from components.remote import uploads as rendered
from components.remote.bastion import proxy_of

DIAL_ERROR_LIMIT = 3
PER_DIAL_TIMEOUT = 10
"""Seconds."""
HOST_DIRECTORY = ".stretched"
"""Below the login user's home: what we upload lies there."""


@dataclass(frozen=True)
class Access:
    """How Pulumi logs in. `private_key` is secret; None: the SSH agent of the session is asked."""

    private_key: pulumi.Output[str] | None

    @staticmethod
    def from_key_file(name: str | None) -> "Access":
        """Read a private key file; OSError when it cannot be read."""
        if name is None:
            return Access(None)
        return Access(pulumi.Output.secret(Path(name).expanduser().read_text(encoding="utf-8")))


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


@dataclass(frozen=True)
class Script:
    """A script on the host, below HOST_DIRECTORY; `limit` is its time limit in seconds."""

    path: str
    limit: int

    def line(self, host: Host, *words: str) -> str:
        """Return the command line that runs the script with these words."""
        return " ".join([f"{host.become}timeout {self.limit} sh {HOST_DIRECTORY}/{self.path}", *words])


def command(
    name: str,
    host: Host,
    create: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    *,
    delete: pulumi.Input[str] | None = None,
    stdin: pulumi.Input[str] | None = None,
    secret: bool = False,
) -> Command:
    """Return a remote command that runs when it is new and whenever `create` or `stdin` changes.

    Changes run in place: there are no triggers, a replacement would run the old `delete` after the new `create`.
    With `secret`, what it prints is not logged and its outputs are secret.
    """
    if secret:
        opts = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(additional_secret_outputs=["stdin", "stdout", "stderr"])
        )
    return Command(
        name,
        connection=host.connection,
        create=create,
        delete=delete,
        stdin=stdin,
        add_previous_output_in_env=False,
        logging=Logging.NONE if secret else Logging.STDOUT_AND_STDERR,
        opts=opts,
    )


def directory(target: Path, files: Mapping[str, bytes]) -> pulumi.Archive:
    """Return these files as a directory to upload, written to `target`: the state holds its path and hash."""
    return pulumi.FileArchive(str(rendered.write_directory(target, files)))


def upload(name: str, host: Host, source: pulumi.Input[pulumi.Archive], opts: pulumi.ResourceOptions) -> CopyToRemote:
    """Return the upload of a directory to HOST_DIRECTORY on a host, under the directory's own name.

    Files arrive with mode 0644 in the login user's home: never for secrets. Another address makes another upload, and
    so does another user.
    """
    user = host.connection.user
    return CopyToRemote(
        name,
        connection=host.connection,
        source=source,
        remote_path=HOST_DIRECTORY,
        triggers=[host.connection.host, *([] if user == "root" else [user])],
        opts=opts,
    )
