"""What the stack's state has of the last `pulumi up`."""

from collections.abc import Mapping

import pulumi

_READ = "pulumi:pulumi:readStackResourceOutputs"
_ATTEMPTS = 3
"""The engine replaces the state meanwhile, and with a backend of files a reading now and then falls right into that."""


def stored_outputs(type_token: str, name: str, otherwise: str) -> Mapping[str, object]:
    """Return the outputs of a resource as the state has them; empty where there is none yet.

    `otherwise` is what people are told when the state cannot be read.
    """
    return stored_outputs_of_type(type_token, otherwise).get(name, {})


def stored_outputs_of_type(type_token: str, otherwise: str) -> Mapping[str, Mapping[str, object]]:
    """Return the outputs of all resources of a type, by name."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            found = pulumi.runtime.invoke(_READ, {"stackName": stack}).value["outputs"]
            break
        except Exception as error:  # the SDK raises nothing narrower
            if attempt == _ATTEMPTS:
                pulumi.log.warn(f"the state of {stack} cannot be read: {otherwise} ({error})")
                return {}
    parts = ((*urn.rsplit("::", 2)[-2:], resource["outputs"]) for urn, resource in found.items())
    return {name: outputs for types, name, outputs in parts if types.rpartition("$")[2] == type_token}
