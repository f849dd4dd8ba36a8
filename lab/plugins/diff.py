"""Differences between old and new inputs, as the framework of the official command plug-in computes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from lab.plugins.values import Properties, UnknownSecret, Value, equal, is_asset

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["ADD", "DELETE", "UPDATE", "ADD_REPLACE", "DELETE_REPLACE", "UPDATE_REPLACE"]

_REPLACING: dict[Kind, Kind] = {"ADD": "ADD_REPLACE", "DELETE": "DELETE_REPLACE", "UPDATE": "UPDATE_REPLACE"}
_SIMPLE_NAME = re.compile(r"[a-zA-Z_$][a-zA-Z0-9_$]*")


def detailed_diff(old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Kind]:
    """Return the kind of change by property path. Properties inside a secret have no path of their own."""
    return _objects("", old, new)


def top_level(path: str) -> str:
    """Return the top-level input of a property path."""
    quoted = re.match(r'\["((?:[^"\\]|\\.)*)"\]', path)
    return quoted[1] if quoted else re.split(r"[.\[]", path, maxsplit=1)[0]


def as_replacement(kind: Kind) -> Kind:
    """Return the kind of change that also replaces the resource."""
    return _REPLACING.get(kind, kind)


def _objects(prefix: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Kind]:
    changes: dict[str, Kind] = {}
    for key, before in old.items():
        path = _member(prefix, key)
        if key not in new:
            changes[path] = "DELETE"
        elif not isinstance(new[key], UnknownSecret):  # the difference is not known yet
            changes |= _values(path, before, new[key])
    changes |= {
        _member(prefix, key): "ADD" for key in new if key not in old and not isinstance(new[key], UnknownSecret)
    }
    return changes


def _values(path: str, old: Value, new: Value) -> dict[str, Kind]:
    if isinstance(old, list) and isinstance(new, list):
        changes: dict[str, Kind] = {}
        for index in range(max(len(old), len(new))):
            element = f"{path}[{index}]"
            if index >= len(old):
                changes[element] = "ADD"
            elif index >= len(new):
                changes[element] = "DELETE"
            else:
                changes |= _values(element, old[index], new[index])
        return changes
    if isinstance(old, dict) and isinstance(new, dict) and not (is_asset(old) or is_asset(new)):
        return _objects(path, old, new)
    return {} if equal(old, new) else {path: "UPDATE"}


def _member(prefix: str, key: str) -> str:
    if not _SIMPLE_NAME.fullmatch(key):
        escaped = key.replace('"', '\\"')
        return f'{prefix}["{escaped}"]'
    return f"{prefix}.{key}" if prefix else key


def without_internals(inputs: Properties) -> Properties:
    """Return new inputs without the fields that the engine and frameworks add."""
    return {key: value for key, value in inputs.items() if key != "version" and not key.startswith("__")}
