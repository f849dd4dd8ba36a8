"""The difference between old and new inputs, as the framework of the official command plug-in computes it."""

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
    """Property path -> what happened to it. Nothing inside a secret has a path of its own."""
    return _objects("", old, new)


def top_level(path: str) -> str:
    """Return the input that a property path lies in."""
    quoted = re.match(r'\["((?:[^"\\]|\\.)*)"\]', path)
    return quoted[1] if quoted else re.split(r"[.\[]", path, maxsplit=1)[0]


def as_replacement(kind: Kind) -> Kind:
    """Return the kind of change that also replaces the resource."""
    return _REPLACING.get(kind, kind)


def _objects(prefix: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for key, before in old.items():
        path = _member(prefix, key)
        if key not in new:
            found[path] = "DELETE"
        elif not isinstance(new[key], UnknownSecret):  # its difference is not known yet
            found |= _values(path, before, new[key])
    found |= {_member(prefix, key): "ADD" for key in new if key not in old and not isinstance(new[key], UnknownSecret)}
    return found


def _values(path: str, old: Value, new: Value) -> dict[str, Kind]:
    if isinstance(old, list) and isinstance(new, list):
        found: dict[str, Kind] = {}
        for index in range(max(len(old), len(new))):
            element = f"{path}[{index}]"
            if index >= len(old):
                found[element] = "ADD"
            elif index >= len(new):
                found[element] = "DELETE"
            else:
                found |= _values(element, old[index], new[index])
        return found
    if isinstance(old, dict) and isinstance(new, dict) and not (is_asset(old) or is_asset(new)):
        return _objects(path, old, new)
    return {} if equal(old, new) else {path: "UPDATE"}


def _member(prefix: str, key: str) -> str:
    if not _SIMPLE_NAME.fullmatch(key):
        escaped = key.replace('"', '\\"')
        return f'{prefix}["{escaped}"]'
    return f"{prefix}.{key}" if prefix else key


def without_internals(inputs: Properties) -> Properties:
    """Return new inputs without what the engine and frameworks add for themselves."""
    return {key: value for key, value in inputs.items() if key != "version" and not key.startswith("__")}
