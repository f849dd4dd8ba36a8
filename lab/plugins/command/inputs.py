"""Inputs of a command's run as typed values, for both kinds of command resources."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.plugins.values import Properties, Value, plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Run:
    """A run of a command. Everything except the names of variables may be secret."""

    command: str = field(repr=False)
    stdin: str = field(repr=False)
    logging: str | None
    environment: dict[str, str] = field(repr=False)
    previous_output: dict[str, str] = field(repr=False)
    """PULUMI_COMMAND_STDOUT and _STDERR, unless they are empty or disabled."""


def run_of(command: str, inputs: Mapping[str, Value], previous: Mapping[str, Value]) -> Run:
    """Return the run of ``command`` (one of the inputs create, update, delete) after an earlier one's outputs."""
    environment = plain(inputs.get("environment"))
    wanted = plain(inputs.get("addPreviousOutputInEnv")) is not False
    before = {f"PULUMI_COMMAND_{name.upper()}": text(previous.get(name)) for name in ("stdout", "stderr")}
    logging = plain(inputs.get("logging"))
    return Run(
        command=command,
        stdin=text(inputs.get("stdin")),
        logging=logging if isinstance(logging, str) else None,
        environment={key: text(value) for key, value in environment.items()} if isinstance(environment, dict) else {},
        previous_output={key: value for key, value in before.items() if value} if wanted else {},
    )


def text(value: Value) -> str:
    """Return the string inside the value; empty when there is none."""
    bare = plain(value)
    return bare if isinstance(bare, str) else ""


def optional_text(value: Value) -> str | None:
    """Return the string inside the value, which may be empty; None: there is no string."""
    bare = plain(value)
    return bare if isinstance(bare, str) else None


def outputs_of(state: Properties) -> Properties:
    """Return the outputs in a state without their secret wrappers, which the engine adds again."""
    return {name: text(state.get(name)) for name in ("stdout", "stderr")}


def unique_id(name: str) -> str:
    """Return a new resource's id: its name and four random bytes."""
    return name + secrets.token_hex(4)
