"""The stack's state after the last `pulumi up`. The program reads it once, here only.

A stack without resources means a first run. A state that cannot be read is an error, so that an existing cluster never
looks like a missing one.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

_READ = "pulumi:pulumi:readStackResourceOutputs"
_ATTEMPTS = 5
"""Reading fails now and then with a file backend, when the engine is just replacing the state."""
_PAUSE = 0.3
"""Seconds between attempts."""

Outputs = Mapping[str, object]


@dataclass(frozen=True)
class LastUpdate:
    """Outputs of the resources in the stack's state. Secrets are in the clear: never show any of it."""

    _outputs: Mapping[tuple[str, str], Outputs] = field(default_factory=dict, repr=False)
    """Outputs by type token and resource name."""

    def outputs(self, type_token: str, *names: str) -> Outputs:
        """Return the outputs of a resource; empty when the state has no such resource.

        `names` are its present name and its former ones, in this order.
        """
        return next((self._outputs[type_token, name] for name in names if (type_token, name) in self._outputs), {})

    def ending(self, type_token: str, suffix: str) -> Mapping[str, Outputs]:
        """Return the outputs of the resources of a type whose names end with a suffix, by their names."""
        return {
            name: outputs
            for (kind, name), outputs in self._outputs.items()
            if kind == type_token and name.endswith(suffix)
        }


def last_update() -> LastUpdate:
    """Read the state of this stack. Raises pulumi.RunError when it cannot be read."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _parsed(pulumi.runtime.invoke(_READ, {"stackName": stack}).value["outputs"])
        except Exception as error:  # the SDK raises nothing narrower
            reason = error
        if attempt < _ATTEMPTS:
            time.sleep(_PAUSE)
    message = (
        f"the state of {stack} cannot be read ({_ATTEMPTS} attempts): {reason}. The program needs it to know the "
        "present cluster; nothing was changed on any host. Check that `pulumi stack export` works, then try again"
    )
    raise pulumi.RunError(message)


def _parsed(resources: Mapping[str, Mapping[str, Outputs]]) -> LastUpdate:
    outputs = {}
    for urn, resource in resources.items():
        _, types, name = urn.rsplit("::", 2)
        outputs[types.rpartition("$")[2], name] = resource["outputs"]
    return LastUpdate(outputs)
