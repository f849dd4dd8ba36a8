"""Requests as the engine sends them, in a few words."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
SIGNATURE = "4dabf18193072939515e22adb298388d"
REMOTE = "command:remote:Command"
COPY = "command:remote:CopyToRemote"
LOCAL = "command:local:Command"
PASSWORD = "random:index/randomPassword:RandomPassword"
BYTES = "random:index/randomBytes:RandomBytes"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def secret(value: object) -> Json:
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def asset(**content: str) -> Json:
    return {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "hash": "h", **content}


def archive(path: str) -> Json:
    return {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": path}


def urn(token: str) -> str:
    return f"urn:pulumi:dev::tests::{token}::it"


def create(token: str, properties: Json, **more: object) -> Json:
    return {"urn": urn(token), "name": "it", "type": token, "properties": properties, **more}


def update(token: str, state: Json, inputs: Json, **more: object) -> Json:
    return {"id": "it", "urn": urn(token), "olds": state, "oldInputs": state, "news": inputs, **more}


def delete(token: str, state: Json) -> Json:
    return {"id": "it", "urn": urn(token), "properties": state}


def check(token: str, inputs: Json) -> Json:
    return {"urn": urn(token), "olds": {}, "news": inputs}


def diff(token: str, old: Json, new: Json, state: Json | None = None) -> Json:
    return {"id": "it", "urn": urn(token), "olds": state or old, "oldInputs": old, "news": new}
