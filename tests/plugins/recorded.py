"""The recorded exchanges of the official plug-ins, fitted to the test bed, and the few values that differ by run."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from tests.plugins.bed import HOSTS, UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.bed import Bed

Json = dict[str, Any]
TABLES = pytest.StashKey[list[list[str]]]()
"""Lines to print when all tests are over."""

FILE = Path(__file__).parent / "conformance" / "official-plugins.jsonl"


@dataclass(frozen=True)
class Exchange:
    """One line of the recording."""

    number: int
    plugin: str
    step: str
    method: str
    raw: str

    @property
    def name(self) -> str:
        return f"{self.number:03}-step-{self.step}-{self.plugin}-{self.method}"

    def fitted(self, bed: Bed) -> Json:
        """The exchange with the recording's placeholders replaced by what is in the bed."""
        text = self.raw
        values = {f"HOST_{n}": a for n, a in HOSTS.items()} | {f"HOST_KEY_{n}": bed.host_key(n) for n in HOSTS}
        values |= {
            "SSH_PRIVATE_KEY": bed.key("id_ed25519"),
            "UNREACHABLE": UNREACHABLE,
            "REMOTE_DIR": str(bed.directory / "remote"),
        }
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", json.dumps(value)[1:-1])
        assert "${" not in text, f"a placeholder that the bed does not know: {text[text.index('${') :][:40]}"
        exchange: Json = json.loads(text)
        return exchange


def exchanges() -> list[Exchange]:
    found, plugin = [], ""
    for number, line in enumerate(FILE.read_text().splitlines(), start=1):
        exchange = json.loads(line)
        token = exchange.get("type", "")
        if token:
            plugin = token.removeprefix("pulumi:providers:").split(":")[0]
        elif exchange["method"] == "Handshake":
            # The calls before the first with a type: each plug-in words its missing handshake in its own way.
            plugin = "random" if "unknown method" in exchange["errors"][0] else "command"
        found.append(Exchange(number, plugin, exchange["step"], exchange["method"], line))
    return found


def comparable(method: str, request: Json, outcome: Json) -> Json:
    """A response or errors with its run's own values, once they are seen to be right, replaced by their names."""
    outcome = json.loads(json.dumps(outcome))
    if "errors" in outcome:
        # Which of the two a timeout is depends on the Go release that the official plug-in was built with.
        outcome["errors"] = [text.replace("code = DeadlineExceeded", "code = Unknown") for text in outcome["errors"]]
    response = outcome.get("response")
    if not response:
        return outcome
    if method == "GetPluginInfo":
        assert re.fullmatch(r"\d+\.\d+\.\d+", response["version"])
        response["version"] = "<version>"
    for key in ("diffs", "replaces"):
        response.get(key, []).sort()
    if method == "Create":
        NORMALISERS[request["type"]](request, response)
    return outcome


def _bytes(request: Json, response: Json) -> None:
    outputs = response["properties"]
    value = base64.b64decode(outputs["base64"]["value"], validate=True)
    assert len(value) == request["properties"]["length"]
    assert outputs["hex"]["value"] == value.hex()
    assert response["id"] == outputs["base64"]["value"]
    outputs["base64"]["value"], outputs["hex"]["value"], response["id"] = "<base64>", "<hex>", "<base64>"


def _password(request: Json, response: Json) -> None:
    outputs = response["properties"]
    result = outputs["result"]["value"]
    assert re.fullmatch(rf"[A-Za-z0-9]{{{request['properties']['length']}}}", result)
    hashed = outputs["bcryptHash"]["value"]
    assert hashed.startswith("$2a$10$")
    assert bcrypt.checkpw(result.encode(), hashed.encode())
    outputs["result"]["value"], outputs["bcryptHash"]["value"] = "<password>", "<its bcrypt hash>"


def _command(request: Json, response: Json) -> None:
    assert re.fullmatch(rf"{request['name']}[0-9a-f]{{8}}", response["id"])
    response["id"] = "<name and 8 digits>"


def _copy(request: Json, response: Json) -> None:  # noqa: ARG001 - one form for all
    assert re.fullmatch(r"[0-9a-f]{8}", response["id"])
    response["id"] = "<8 digits>"


NORMALISERS: dict[str, Callable[[Json, Json], None]] = {
    "random:index/randomBytes:RandomBytes": _bytes,
    "random:index/randomPassword:RandomPassword": _password,
    "command:local:Command": _command,
    "command:remote:Command": _command,
    "command:remote:CopyToRemote": _copy,
}
