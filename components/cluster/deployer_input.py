"""The deployer's standard input: its SSH key, then the secret variables. The state has it, encrypted, of the last run.

So a preview can compare the variables with those of the last run, and nothing else has to be stored: a digest of a
short password, not encrypted, could be guessed.
"""

import pulumi

from components.model.convergence.secret_variables import changed_names
from components.remote.commands import COMMAND
from components.remote.last_update import LastUpdate


def standard_input(private_key: pulumi.Output[str], variables: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return what deploy.sh reads, secret; `variables` is one line of JSON."""
    return pulumi.Output.secret(pulumi.Output.concat(private_key, variables, "\n"))


def last_variables(last: LastUpdate, command: str) -> str:
    """Return the secret variables that the deployer's command had in the last run, as JSON; empty before the first.

    Never to be shown. Raises pulumi.RunError when they cannot be read.
    """
    variables = str(last.outputs(COMMAND, command).get("stdin") or "").rstrip("\n").rpartition("\n")[2]
    try:
        changed_names(variables, "")
    except ValueError as error:
        message = (
            f"the standard input of {command} stands in the state in a form that is not known here: {error}. Nothing "
            "was changed on any host. Use the version of this program that ran last, or a later one"
        )
        raise pulumi.RunError(message) from None
    return variables
