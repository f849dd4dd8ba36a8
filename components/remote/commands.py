"""Commands on hosts: the conventions of every remote command, in one place.

- The previous output never goes into the environment: a stock sshd refuses it.
- Every command has a time limit of its own, because a running command cannot be cancelled.
- Secrets go through standard input only; what such a command prints is secret too and is not logged.
"""

from dataclasses import dataclass

import pulumi
from pulumi_command.remote import Command, Logging

from components.remote.connection import Host
from components.remote.uploads import HOST_DIRECTORY

COMMAND = "command:remote:Command"
"""Type token."""


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
    logging: Logging = Logging.STDOUT_AND_STDERR,
) -> Command:
    """Return a remote command that runs when it is new and whenever `create` or `stdin` changes.

    Changes run in place: there are no triggers, a replacement would run the old `delete` after the new `create`.
    With `secret`, what it prints is not logged and its outputs are secret; else `logging` says what is shown of it.
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
        logging=Logging.NONE if secret else logging,
        opts=opts,
    )
