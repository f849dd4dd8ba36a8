"""Property values of the plug-in protocol: Python trees to and from protobuf.

Plain values are None, bool, float, str, lists and dicts; assets, archives and resource references stay dicts with their
signature. Secrets and unknowns, which JSON cannot express, have wrappers. Signatures and sentinels are those of
pulumi/sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from google.protobuf import struct_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public marker, no secret
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"

UNKNOWN_KINDS = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9": "string",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": "bool",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421": "number",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": "array",
    "030794c1-ac77-496b-92df-f27374a8bd58": "asset",
    "e48ece36-62e2-4504-bad9-02848725956a": "archive",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff": "object",
}
SENTINELS = {kind: sentinel for sentinel, kind in UNKNOWN_KINDS.items()}


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in the state and hides in its output."""

    value: Value


@dataclass(frozen=True)
class Unknown:
    """A value that preview cannot know; ``kind`` names its type as the protocol's sentinels do."""

    kind: str = "string"


@dataclass(frozen=True)
class UnknownSecret:
    """A value that will be secret once it is known."""


Value: TypeAlias = "bool | float | str | list[Value] | dict[str, Value] | Secret | Unknown | UnknownSecret | None"
Properties: TypeAlias = "dict[str, Value]"


def decode(message: struct_pb2.Struct) -> Properties:
    """Return a request's properties. Nulls inside objects are dropped, as the official plug-ins do."""
    decoded = {key: _decode(value) for key, value in message.fields.items()}
    return {key: value for key, value in decoded.items() if value is not None}


def _decode(message: struct_pb2.Value) -> Value:
    match message.WhichOneof("kind"):
        case "bool_value":
            return message.bool_value
        case "number_value":
            return message.number_value
        case "string_value":
            kind = UNKNOWN_KINDS.get(message.string_value)
            return message.string_value if kind is None else Unknown(kind)
        case "list_value":
            return [_decode(element) for element in message.list_value.values]
        case "struct_value":
            return _decode_object(message.struct_value)
    return None


def _decode_object(message: struct_pb2.Struct) -> Value:
    value = decode(message)
    match value.get(SIGNATURE):
        case signature if signature == SECRET:
            return Secret(value.get("value"))
        case signature if signature == OUTPUT:
            return _decode_output(value)
    return value


def _decode_output(output: Properties) -> Value:
    """Return an output value without its dependencies, which the official plug-ins do not send back either."""
    secret = output.get("secret") is True
    if "value" not in output:
        return UnknownSecret() if secret else Unknown()
    return Secret(output["value"]) if secret else output["value"]


def encode(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """Return properties for a response. Nulls inside objects are dropped, as the official plug-ins do."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items() if value is not None})


def _encode(value: Value) -> struct_pb2.Value:
    match value:
        case None:
            encoded = struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            encoded = struct_pb2.Value(bool_value=value)
        case int() | float():
            encoded = struct_pb2.Value(number_value=value)
        case str():
            encoded = struct_pb2.Value(string_value=value)
        case list():
            encoded = struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
        case dict():
            encoded = struct_pb2.Value(struct_value=encode(value))
        case Secret():
            encoded = _encode({SIGNATURE: SECRET, "value": value.value})
        case Unknown():
            encoded = struct_pb2.Value(string_value=SENTINELS[value.kind])
        case UnknownSecret():
            encoded = _encode({SIGNATURE: OUTPUT, "secret": True})
    return encoded


def is_unknown(value: Value) -> bool:
    """Tell whether the value as a whole is unknown; parts of a known value can still be unknown."""
    return isinstance(bare(value), Unknown)


def bare(value: Value) -> Value:
    """Return the value without its own wrappers; those of its parts stay."""
    while isinstance(value, Secret):
        value = value.value
    return Unknown() if isinstance(value, UnknownSecret) else value


def plain(value: Value) -> Value:
    """Return the value for an operation: without wrappers, except those of unknowns."""
    value = bare(value)
    match value:
        case list():
            return [plain(element) for element in value]
        case dict():
            return {key: plain(element) for key, element in value.items()}
    return value


def is_asset(value: Value) -> bool:
    """Tell whether the value is an asset or an archive."""
    return isinstance(value, dict) and value.get(SIGNATURE) in {ASSET, ARCHIVE}


def equal(a: Value, b: Value) -> bool:
    """Tell whether values are equal for the protocol: assets compare by hash, secrets differ from plain values."""
    if isinstance(a, dict) and isinstance(b, dict):
        if is_asset(a) and is_asset(b):
            return a[SIGNATURE] == b[SIGNATURE] and a.get("hash") == b.get("hash")
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(left, right) for left, right in zip(a, b, strict=True))
    if isinstance(a, Secret) and isinstance(b, Secret):
        return equal(a.value, b.value)
    return type(a) is type(b) and a == b
