"""Outputs of operations in previews, by the rules of the official plug-in's framework."""

from __future__ import annotations

from lab.plugins.values import Properties, Secret, Unknown, UnknownSecret, Value, bare, equal, is_asset, is_unknown


def created(inputs: Properties, outputs: Properties) -> Properties:
    """Return the outputs of a create: unknown, except inputs that are returned unchanged."""
    return {name: _unknown_unless_input(name, value, inputs) for name, value in outputs.items()}


def updated(state: Properties, inputs: Properties, outputs: Properties, input_names: set[str]) -> Properties:
    """Return the outputs of an update: as in a create, but all are known when no input is unknown or changed."""
    changing = any(
        is_unknown(inputs.get(name)) or (name in state and not equal(inputs.get(name), state[name]))
        for name in input_names
    )
    return created(inputs, outputs) if changing else outputs


def _unknown_unless_input(name: str, value: Value, inputs: Properties) -> Value:
    if is_unknown(value):
        return value
    # The official plug-in's framework does not recognize an asset that it has serialized.
    if name in inputs and equal(inputs[name], value) and not is_asset(bare(value)):
        return value
    return UnknownSecret() if isinstance(value, Secret) else Unknown()
