"""The conventions of all remote commands.

- The previous output is not put into the environment: sshd refuses that by default.
- Every command has its own time limit, because Pulumi cannot cancel a running command.
- Secrets travel over standard input only; the output of such a command is secret too, and is not logged.
"""

import shlex
from dataclasses import dataclass

import pulumi
from pulumi_command.remote import Command, Logging

from components.remote.bundles import Bundle, current
from components.remote.connection import Host
from components.remote.resource_names import Name, options_of

_REMOVE = """'[ -e "$0" ] || { echo "$0 is not there: nothing to remove"; exit 0; }; exec sh "$0" remove "$1"'"""

COMMAND = "command:remote:Command"
"""Type token."""


@dataclass(frozen=True)
class Script:
    """A script in the bundles of a kind; `limit` is its time limit in seconds.

    Root runs it from the unpacked bundle, never from the upload.
    """

    kind: str
    name: str
    limit: int

    def line(self, host: Host, *words: str, of: Bundle | None = None) -> str:
        """Return the command line that runs the script with arguments, from the bundle `of` or the one in force."""
        directory = of.directory if of else current(self.kind)
        return " ".join([f"{host.become}timeout {self.limit} sh {directory}/{self.name}", *words])

    def line_for_delete(self, host: Host, node: str) -> str:
        """Return the command line that reverts what the script did for a node.

        It can be repeated: without the script there is nothing to revert. The script does nothing on a machine that is
        another node by now. The line must not change between runs: another `delete` runs `create` again.
        """
        line = f"{host.become}timeout {self.limit} sh -c {_REMOVE}"
        return f"{line} {current(self.kind)}/{self.name} {shlex.quote(node)}"


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
    """Return a remote command that runs when it is created, and again whenever `create` or `stdin` changes.

    It has no triggers: they would replace it, and a replacement runs the old `delete` after the new `create`. With
    `secret`, its outputs are secret and not logged; otherwise `logging` selects which outputs Pulumi shows.
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
