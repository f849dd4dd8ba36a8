"""What an operation's outputs look like before it has run, by the rules of the official plug-in's framework."""

from __future__ import annotations

from lab.plugins.values import Properties, Secret, Unknown, UnknownSecret, Value, bare, equal, is_asset, is_unknown


def created(inputs: Properties, outputs: Properties) -> Properties:
    """Return a preview of create: outputs are unknown, inputs that come back as they went in are known."""
    return {name: _unknown_unless_input(name, value, inputs) for name, value in outputs.items()}


def updated(state: Properties, inputs: Properties, outputs: Properties, input_names: set[str]) -> Properties:
    """Return a preview of update: as in a create, but nothing is unknown when no input is unknown or changed."""
    changing = any(
        is_unknown(inputs.get(name)) or (name in state and not equal(inputs.get(name), state[name]))
        for name in input_names
    )
    return created(inputs, outputs) if changing else outputs


def _unknown_unless_input(name: str, value: Value, inputs: Properties) -> Value:
    if is_unknown(value):
        return value
    # The official plug-in's framework does not know an asset again that it has written out.
    if name in inputs and equal(inputs[name], value) and not is_asset(bare(value)):
        return value
    return UnknownSecret() if isinstance(value, Secret) else Unknown()
