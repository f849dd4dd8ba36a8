"""The applied state of the cluster, as the deployer printed it at the end of its last successful run.

Pulumi keeps the standard output of that command in the stack's state.
"""

import json
from collections.abc import Mapping

import pulumi

from components.model.convergence.state import State, from_data, to_data
from components.remote.commands import COMMAND
from components.remote.last_update import LastUpdate


def last_applied(last: LastUpdate, command: str, component: str, name: str) -> State | None:
    """Return the applied state; None before the first successful run.

    `command` is the name of the deployer's command. Stacks of earlier versions have the applied state in the output
    `applied` of a component; `component` and `name` are its type token and name. Raises pulumi.RunError when the state
    has the command, but no readable applied state.
    """
    last_run = last.outputs(COMMAND, command)
    data: object = last.outputs(component, name).get("applied")
    try:
        if is_printed(last_run.get("stdout")):
            data = json.loads(str(last_run["stdout"]))
        if isinstance(data, Mapping) and data:
            return from_data(data)
    except (KeyError, TypeError, ValueError) as error:
        message = (
            f"the stack's state holds the result of {command} in a form that this version cannot read ({error!r}); "
            "nothing was changed on any host. Use the version of this program that ran last, or a later one"
        )
        raise pulumi.RunError(message) from error
    if last_run:
        message = (
            f"the stack's state has {command}, but not its result; nothing was changed on any host. Run pulumi up with "
            "the version of this program that ran last: it stores the result"
        )
        raise pulumi.RunError(message)
    return None


def is_printed(stdout: object) -> bool:
    """Return whether a standard output is an applied state, JSON; earlier deployers printed the progress of the run."""
    return isinstance(stdout, str) and stdout.startswith("{")


def kept(stdout: str | None, known: State | None) -> dict[str, object] | None:
    """Return the component's output `applied`: the known state, or None once the deployer has printed it."""
    return None if known is None or is_printed(stdout) else to_data(known)
