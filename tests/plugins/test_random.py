"""RandomPassword and RandomBytes beyond the recordings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from tests.plugins.forms import BYTES, PASSWORD, UNKNOWN, check, create, diff

if TYPE_CHECKING:
    from tests.plugins.client import PluginClient

DEFAULTS = {
    "length": 20,
    "lower": True,
    "minLower": 0,
    "minNumeric": 0,
    "minSpecial": 0,
    "minUpper": 0,
    "number": True,
    "numeric": True,
    "special": True,
    "upper": True,
}


def password(random: PluginClient, **inputs: Any) -> tuple[str, dict[str, Any]]:
    outputs = random.call("Create", create(PASSWORD, inputs)).properties
    return outputs["result"]["value"], outputs


@pytest.mark.parametrize(
    ("inputs", "form"),
    [
        ({"length": 200}, r"[A-Za-z0-9!@#$%&*()\-_=+\[\]{}<>:?]{200}"),
        ({"length": 200, "special": False}, r"[A-Za-z0-9]{200}"),
        ({"length": 50, "special": False, "upper": False, "numeric": False}, r"[a-z]{50}"),
        ({"length": 50, "special": False, "lower": False, "number": False}, r"[A-Z]{50}"),
        ({"length": 50, "overrideSpecial": "^", "lower": False, "upper": False, "numeric": False}, r"\^{50}"),
        ({"length": 4, "minLower": 1, "minUpper": 1, "minNumeric": 1, "minSpecial": 1}, r".{4}"),
    ],
)
def test_a_password_has_the_characters_asked_for(random: PluginClient, inputs: dict[str, Any], form: str) -> None:
    result, _ = password(random, **inputs)
    assert re.fullmatch(form, result)


def test_minima_are_kept(random: PluginClient) -> None:
    result, _ = password(random, length=20, minLower=5, minUpper=6, minNumeric=7, minSpecial=2, overrideSpecial="~")
    assert len(re.findall("[a-z]", result)) == 5
    assert len(re.findall("[A-Z]", result)) == 6
    assert len(re.findall("[0-9]", result)) == 7
    assert len(re.findall("~", result)) == 2


def test_every_character_of_a_class_comes_up_and_no_two_passwords_are_the_same(random: PluginClient) -> None:
    drawn = [password(random, length=400, special=False)[0] for _ in range(5)]
    assert len(set(drawn)) == 5
    assert len(set("".join(drawn))) == 62


def test_the_hash_is_of_the_password(random: PluginClient) -> None:
    result, outputs = password(random, length=100)
    assert bcrypt.checkpw(result.encode()[:72], outputs["bcryptHash"]["value"].encode())


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "Missing required property 'length'"),
        ({"length": 0}, "length value must be at least 1, got: 0"),
        ({"length": 3, "minLower": 2, "minUpper": 2}, "at least sum of min_upper"),
    ],
)
def test_a_bad_length_fails_the_check(random: PluginClient, inputs: dict[str, Any], reason: str) -> None:
    (failure,) = random.call("Check", check(PASSWORD, inputs)).response["failures"]
    assert reason in failure["reason"]


def test_number_and_numeric_must_agree(random: PluginClient) -> None:
    answer = random.call("Create", create(PASSWORD, {"length": 5, "number": False, "numeric": True}))
    assert "Number and numeric are both configured with different values" in answer.errors[0]


def test_a_preview_knows_everything_but_the_secret(random: PluginClient) -> None:
    outputs = random.call("Create", create(PASSWORD, {"length": 20}, preview=True)).properties
    assert outputs == DEFAULTS | {"bcryptHash": UNKNOWN, "id": UNKNOWN, "result": UNKNOWN}
    outputs = random.call("Create", create(BYTES, {"length": 20}, preview=True)).properties
    assert outputs == {"length": 20, "base64": UNKNOWN, "hex": UNKNOWN}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({}, []),
        ({"lower": True}, []),
        ({"length": 21}, ["length"]),
        ({"special": False}, ["special"]),
        ({"number": False}, ["number", "numeric"]),
        ({"minLower": 1, "upper": False}, ["minLower", "upper"]),
        ({"keepers": {"a": "b"}, "length": 9}, ["keepers", "length"]),
        ({"keepers": {"a": UNKNOWN}}, ["keepers"]),
    ],
)
def test_every_real_change_replaces(random: PluginClient, change: dict[str, Any], replaces: list[str]) -> None:
    state = DEFAULTS | {"id": "none", "result": "r", "bcryptHash": "h", "__meta": '{"schema_version":"3"}'}
    answer = random.call("Diff", diff(PASSWORD, {"length": 20}, {"length": 20} | change, state))
    assert sorted(answer.response.get("replaces", [])) == replaces
    assert answer.response["changes"] == ("DIFF_SOME" if replaces else "DIFF_NONE")
