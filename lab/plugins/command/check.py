"""Check of inputs: types according to their shape, defaults, and marks of secrets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lab.plugins.command.shapes import Field, Shape
from lab.plugins.resource import Checked, Failure
from lab.plugins.values import Properties, Secret, Unknown, UnknownSecret, Value, bare, is_asset, is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable

_GO_NAMES = {bool: "bool", float: "float64", str: "string", list: "[]interface {}", dict: "map[string]interface {}"}


def check(shape: Shape, inputs: Properties) -> Checked:
    """Return checked inputs. With failures, there are no defaults, but secrets are marked."""
    failures = tuple(failures_of(shape, inputs))
    completed = inputs if failures else complete(shape, inputs)
    return Checked(mark_secrets(shape, completed), failures)


def failures_of(shape: Shape, inputs: Properties) -> list[Failure]:
    """Return a failure for each input that is missing, unknown to the shape, or of another type."""
    failures = []
    for name, field in shape.fields.items():
        value = bare(inputs.get(name))
        if value is None:
            if field.required:
                failures.append(Failure(name, f"Missing required field '{name}' on '{shape.name}'"))
        elif not is_unknown(value):
            failures += _wrong(shape, name, field, value)
    unknown = inputs.keys() - shape.fields.keys()
    failures += [Failure(name, f"Unrecognized field '{name}' on '{shape.name}'") for name in sorted(unknown)]
    return failures


def _wrong(shape: Shape, name: str, field: Field, value: Value) -> list[Failure]:
    if isinstance(field.type, Shape):
        if not isinstance(value, dict):
            return [_type_error(shape, name, field.type.name, value)]
        nested = failures_of(field.type, value)
        if not nested:
            return []
        listed = "".join(f"\n\t{failure.property_name}: {failure.reason}" for failure in nested)
        short = shape.name.rsplit(".", 1)[-1]
        reason = f"An error occurred decoding '{short}.{name}': {len(nested)} failures decoding:{listed}"
        return [Failure(name, reason)]
    wrong = _first_wrong(name, field.type, value)
    return [] if wrong is None else [_type_error(shape, *wrong)]


def _first_wrong(name: str, wanted: str, value: Value) -> tuple[str, str, Value] | None:
    """Return name, expected Go type and value of the first part that has another type."""
    value = bare(value)
    if isinstance(value, Unknown):
        return None
    if wanted in {"[]string", "[]interface {}"} and isinstance(value, list):
        items = [] if wanted == "[]interface {}" else value
        wrong = (_first_wrong(f"{name}[{index}]", "string", item) for index, item in enumerate(items))
        return next((first for first in wrong if first), None)
    if wanted == "map[string]string" and isinstance(value, dict):
        wrong = (_first_wrong(f"{name}[{key}] value", "string", item) for key, item in value.items())
        return next((first for first in wrong if first), None)
    fits = {
        "string": isinstance(value, str),
        "bool": isinstance(value, bool),
        "float64": isinstance(value, float),
        "int": isinstance(value, float),
        "asset": is_asset(value),
    }
    return None if fits.get(wanted) else (name, "types.AssetOrArchive" if wanted == "asset" else wanted, value)


def _type_error(shape: Shape, name: str, wanted: str, value: Value) -> Failure:
    got = _GO_NAMES.get(type(value), "interface {}")
    return Failure(name, f"Field '{name}' on '{shape.name}' must be a '{wanted}'; got '{got}' instead")


def complete(shape: Shape, inputs: Properties) -> Properties:
    """Return the inputs with defaults, in nested objects too."""
    completed = dict(inputs)
    for name, field in shape.fields.items():
        nested = field.type
        value = inputs.get(name, field.default)
        if isinstance(nested, Shape):
            value = inside(value, partial(complete, nested))
        elif nested == "int" and isinstance(value, float):
            value = float(int(value))
        if value is not None:
            completed[name] = value
    return completed


def mark_secrets(shape: Shape, inputs: Properties) -> Properties:
    """Return the inputs with their secret fields wrapped."""
    marked = dict(inputs)
    for name, field in shape.fields.items():
        if name not in inputs:
            continue
        nested = field.type
        value = inputs[name]
        if isinstance(nested, Shape):
            value = inside(value, partial(mark_secrets, nested))
        marked[name] = secret(value) if field.secret else value
    return marked


def secret(value: Value) -> Value:
    """Return the value as a secret; a secret is not wrapped again."""
    match value:
        case Secret() | UnknownSecret():
            return value
        case Unknown():
            return UnknownSecret()
    return Secret(value)


def inside(value: Value, change: Callable[[Properties], Properties]) -> Value:
    """Apply a change to the object inside the wrappers; other values stay as they are."""
    match value:
        case Secret():
            return Secret(inside(value.value, change))
        case dict():
            return change(value)
    return value
