"""Shapes of the command plug-in's inputs: names, types, defaults, secrets.

The sources are the official plug-in's schema (provider/cmd/pulumi-resource-command/schema.json, v1.2.1) and its
answers. Type names in messages are those of its Go structs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lab.plugins.values import Value

Scalar: TypeAlias = Literal[
    "string", "bool", "float64", "int", "[]string", "map[string]string", "[]interface {}", "asset"
]


@dataclass(frozen=True)
class Field:
    """An input. ``default`` is its value when it is missing."""

    type: Scalar | Shape = "string"
    required: bool = False
    secret: bool = False
    default: Value = None


@dataclass(frozen=True)
class Shape:
    """An object type, with its name in messages."""

    name: str
    fields: dict[str, Field]


_ENDPOINT = {
    "agentSocketPath": Field(),
    "dialErrorLimit": Field("int", default=10.0),
    "host": Field(required=True),
    "hostKey": Field(),
    "password": Field(secret=True),
    "perDialTimeout": Field("int", default=15.0),
    "port": Field("float64", default=22.0),
    "privateKey": Field(secret=True),
    "privateKeyPassword": Field(secret=True),
    "user": Field(default="root"),
}
PROXY = Shape("remote.ProxyConnection", _ENDPOINT)
CONNECTION = Shape("remote.Connection", _ENDPOINT | {"proxy": Field(PROXY)})

_COMMANDS = {
    "triggers": Field("[]interface {}"),
    "create": Field(),
    "update": Field(),
    "delete": Field(),
}
_RUN = {
    "stdin": Field(),
    "logging": Field(),
    "addPreviousOutputInEnv": Field("bool"),
    "environment": Field("map[string]string"),
}
_LOCAL = {
    "interpreter": Field("[]string"),
    "dir": Field(),
    "assetPaths": Field("[]string"),
    "archivePaths": Field("[]string"),
}
_CONNECTED = {"connection": Field(CONNECTION, required=True, secret=True)}

REMOTE_COMMAND = Shape("remote.CommandInputs", _CONNECTED | _RUN | _COMMANDS)
LOCAL_COMMAND = Shape("local.CommandInputs", _RUN | _LOCAL | _COMMANDS)
COPY_TO_REMOTE = Shape(
    "remote.CopyToRemoteInputs",
    _CONNECTED
    | {
        "triggers": Field("[]interface {}"),
        "source": Field("asset", required=True),
        "remotePath": Field(required=True),
    },
)
