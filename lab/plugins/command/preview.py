"""What an operation's outputs look like before it has run, by the rules of the official plug-in's framework."""

from __future__ import annotations

from lab.plugins.values import Output, Properties, Secret, Unknown, Value, bare, equal, is_unknown


def created(inputs: Properties, outputs: Properties) -> Properties:
    """A preview of create: outputs are unknown, inputs that come back as they went in are known."""
    return {name: _unknown_unless_input(name, value, inputs) for name, value in outputs.items()}


def updated(state: Properties, inputs: Properties, outputs: Properties, input_names: set[str]) -> Properties:
    """A preview of update: as in a create, but nothing is unknown when no input is unknown or changed."""
    changing = any(
        is_unknown(inputs.get(name)) or (name in state and not _same(inputs.get(name), state[name]))
        for name in input_names
    )
    return created(inputs, outputs) if changing else outputs


def _unknown_unless_input(name: str, value: Value, inputs: Properties) -> Value:
    if is_unknown(value) or (name in inputs and equal(inputs[name], value)):
        return value
    return make_unknown(value)


def _same(a: Value, b: Value) -> bool:
    return equal(a, b)


def make_unknown(value: Value) -> Value:
    """An unknown in the place of a value, of its type; a secret stays one."""
    if isinstance(value, Secret):
        return Output(None, known=False, secret=True)
    kinds = {bool: "bool", float: "number", list: "array", dict: "object"}
    return Unknown(kinds.get(type(bare(value)), "string"))
