"""The deployer's standard input: its private SSH key, then the secret variables.

Pulumi keeps the input of the last run in the stack's state, encrypted. A preview compares the variables with it, so no
digest of them has to be stored in the clear: the digest of a short password can be guessed.
"""

import pulumi

from components.model.convergence.secret_variables import changed_names
from components.remote.commands import COMMAND
from components.remote.last_update import LastUpdate


def standard_input(private_key: pulumi.Output[str], variables: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return the input of deploy.sh; `variables` is one line of JSON. All of it is secret."""
    return pulumi.Output.secret(pulumi.Output.concat(private_key, variables, "\n"))


def last_variables(last: LastUpdate, command: str) -> str:
    """Return the secret variables of the last run as JSON; empty before the first run. Secret: never show them.

    `command` is the name of the deployer's command. Raises pulumi.RunError when they cannot be read.
    """
    variables = str(last.outputs(COMMAND, command).get("stdin") or "").rstrip("\n").rpartition("\n")[2]
    try:
        changed_names(variables, "")
    except ValueError as error:
        message = (
            f"the stack's state holds the input of {command} in a form that this version cannot read: {error}; "
            "nothing was changed on any host. Use the version of this program that ran last, or a later one"
        )
        raise pulumi.RunError(message) from None
    return variables
