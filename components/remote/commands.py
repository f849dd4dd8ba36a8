"""Commands on hosts: the conventions of every remote command, in one place.

- The previous output never goes into the environment: a stock sshd refuses it.
- Every command has a time limit of its own, because a running command cannot be cancelled.
- Secrets go through standard input only; what such a command prints is secret too and is not logged.
"""

from dataclasses import dataclass

import pulumi
from pulumi_command.remote import Command, Logging

from components.remote.bundles import Bundle, current
from components.remote.connection import Host
from components.remote.resource_names import Name, options_of

_IF_THERE = """'[ ! -e "$0" ] || exec sh "$0" remove'"""

COMMAND = "command:remote:Command"
"""Type token."""


@dataclass(frozen=True)
class Script:
    """A script on the host, in bundles of a kind; `limit` is its time limit in seconds.

    Root runs it from where it took the bundle over, never from the upload.
    """

    kind: str
    name: str
    limit: int

    def line(self, host: Host, *words: str, of: Bundle | None = None) -> str:
        """Return the command line that runs the script with these words: that of a bundle, or else the one in force."""
        directory = of.directory if of else current(self.kind)
        return " ".join([f"{host.become}timeout {self.limit} sh {directory}/{self.name}", *words])

    def line_for_delete(self, host: Host) -> str:
        """Return the command line that takes back what the script did.

        It may be repeated: where the script is gone, so is what it did. And it never changes: another `delete` would
        run `create` again.
        """
        return f"{host.become}timeout {self.limit} sh -c {_IF_THERE} {current(self.kind)}/{self.name}"


def command(
    name: Name | str,
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
        str(name),
        connection=host.connection,
        create=create,
        delete=delete,
        stdin=stdin,
        add_previous_output_in_env=False,
        logging=Logging.NONE if secret else logging,
        opts=options_of(name, opts),
    )
