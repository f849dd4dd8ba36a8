"""What the deployer says that it applied: the standard output of its last run that ended well, kept in the state."""

import json
from collections.abc import Mapping

import pulumi

from components.model.convergence.state import State, from_data, to_data
from components.remote.commands import COMMAND
from components.remote.last_update import LastUpdate


def last_applied(last: LastUpdate, command: str, component: str, name: str) -> State | None:
    """Return what is applied, None before the first run that ended well.

    `command` is the name of the deployer's command; `component` and `name` are the type token and name of the component
    that had it as output `applied` before the deployer printed it. Raises pulumi.RunError for what cannot be read.
    """
    ran = last.outputs(COMMAND, command)
    data: object = last.outputs(component, name).get("applied")
    try:
        if is_printed(ran.get("stdout")):
            data = json.loads(str(ran["stdout"]))
        if isinstance(data, Mapping) and data:
            return from_data(data)
    except (KeyError, TypeError, ValueError) as error:
        message = (
            f"what {command} applied stands in the state in a form that is not known here ({error!r}), and nothing was "
            "changed on any host. Use the version of this program that ran last, or a later one"
        )
        raise pulumi.RunError(message) from error
    if ran:
        message = (
            f"the state has {command}, but not what it applied, and nothing was changed on any host. Run pulumi up "
            "with the version of this program that ran last: it writes it down"
        )
        raise pulumi.RunError(message)
    return None


def is_printed(stdout: object) -> bool:
    """Tell whether a deployer printed what is applied; earlier ones printed the run's progress."""
    return isinstance(stdout, str) and stdout.startswith("{")


def kept(stdout: str | None, known: State | None) -> dict[str, object] | None:
    """Return the component's output `applied`: what is known, None once a deployer has printed it."""
    return None if known is None or is_printed(stdout) else to_data(known)
