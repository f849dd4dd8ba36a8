"""The stack's state as the last `pulumi up` left it: read once a program run, by one reader, with one failure policy.

A stack without resources is a first run. A state that cannot be read is an error: a living cluster must never look
like none.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

_READ = "pulumi:pulumi:readStackResourceOutputs"
_ATTEMPTS = 5
"""The engine may replace the state meanwhile, and with a backend of files a reading now and then meets half of it."""
_PAUSE = 0.3
"""Seconds between attempts."""

Outputs = Mapping[str, object]


@dataclass(frozen=True)
class LastUpdate:
    """Outputs of the resources in the state. Secret ones are in the clear: nothing of this is ever shown."""

    _outputs: Mapping[tuple[str, str], Outputs] = field(default_factory=dict, repr=False)
    """By type token and name."""

    def outputs(self, type_token: str, *names: str) -> Outputs:
        """Return the outputs of a resource; empty where the state has no such resource.

        Several names are those that it has had, the present one first.
        """
        return next((self._outputs[type_token, name] for name in names if (type_token, name) in self._outputs), {})


def last_update() -> LastUpdate:
    """Read the state of this stack. Raises pulumi.RunError when it cannot be read."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _parsed(pulumi.runtime.invoke(_READ, {"stackName": stack}).value["outputs"])
        except Exception as error:  # the SDK raises nothing narrower
            why = error
        if attempt < _ATTEMPTS:
            time.sleep(_PAUSE)
    message = (
        f"the state of {stack} cannot be read ({_ATTEMPTS} attempts): {why}. Without it nobody "
        "knows what the cluster is, and nothing was changed on any host. "
        "See whether `pulumi stack export` works, then run this again"
    )
    raise pulumi.RunError(message)


def _parsed(resources: Mapping[str, Mapping[str, Outputs]]) -> LastUpdate:
    found = {}
    for urn, resource in resources.items():
        _, types, name = urn.rsplit("::", 2)
        found[types.rpartition("$")[2], name] = resource["outputs"]
    return LastUpdate(found)
