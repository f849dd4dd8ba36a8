"""Checks, differences and previews of the command resources: what decides whether anything is touched at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.forms import COPY, LOCAL, REMOTE, UNKNOWN, asset, check, create, diff, secret, update

if TYPE_CHECKING:
    from tests.plugins.client import PluginClient

DEFAULTS = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}
CONNECTION = secret({"host": "h"} | DEFAULTS)


def test_a_connection_becomes_secret_and_whole(command: PluginClient) -> None:
    given = {"host": "h", "privateKey": "k", "password": "p", "privateKeyPassword": "q", "proxy": {"host": "b"}}
    checked = command.call("Check", check(REMOTE, {"connection": given, "create": "x"})).response
    hidden = {name: secret(given[name]) for name in ("privateKey", "password", "privateKeyPassword")}
    expected = given | DEFAULTS | hidden | {"proxy": {"host": "b"} | DEFAULTS}
    assert checked == {"inputs": {"connection": secret(expected), "create": "x"}}


@pytest.mark.parametrize(
    ("token", "inputs", "failures"),
    [
        (REMOTE, {}, {"connection": "Missing required field 'connection' on 'remote.CommandInputs'"}),
        (
            REMOTE,
            {"connection": {"port": "22"}, "create": 1, "more": True},
            {
                "connection": "An error occurred decoding 'CommandInputs.connection': 2 failures decoding:"
                "\n\thost: Missing required field 'host' on 'remote.Connection'"
                "\n\tport: Field 'port' on 'remote.Connection' must be a 'float64'; got 'string' instead",
                "create": "Field 'create' on 'remote.CommandInputs' must be a 'string'; got 'float64' instead",
                "more": "Unrecognized field 'more' on 'remote.CommandInputs'",
            },
        ),
        (
            LOCAL,
            {"interpreter": ["sh", 1], "environment": {"A": 1}},
            {
                "interpreter[1]": "Field 'interpreter[1]' on 'local.CommandInputs' must be a 'string'; "
                "got 'float64' instead",
                "environment[A] value": "Field 'environment[A] value' on 'local.CommandInputs' must be a 'string'; "
                "got 'float64' instead",
            },
        ),
    ],
)
def test_all_mistakes_are_reported_at_once(
    command: PluginClient, token: str, inputs: dict[str, Any], failures: dict[str, str]
) -> None:
    reported = command.call("Check", check(token, inputs)).response["failures"]
    found = {failure["property"]: failure["reason"] for failure in reported}
    for failure in (found, failures):  # fields of an object come in no order
        for name, reason in failure.items():
            failure[name] = "\n".join(sorted(reason.split("\n")))
    assert found == failures


def test_a_secret_stays_hidden_when_the_check_fails(command: PluginClient) -> None:
    checked = command.call("Check", check(REMOTE, {"connection": {"privateKey": "k"}})).response
    assert checked["inputs"]["connection"] == secret({"privateKey": secret("k")})


def test_unknown_inputs_pass_the_check(command: PluginClient) -> None:
    inputs = {"connection": {"host": UNKNOWN} | DEFAULTS, "create": UNKNOWN, "environment": {"A": UNKNOWN}}
    checked = command.call("Check", check(REMOTE, inputs)).response
    assert checked == {"inputs": inputs | {"connection": secret(inputs["connection"])}}


def test_what_is_copied_has_to_be_known_in_a_preview_too(command: PluginClient) -> None:
    inputs = {"connection": CONNECTION, "source": UNKNOWN, "remotePath": "/x"}
    reported = command.call("Check", check(COPY, inputs)).response["failures"]
    assert [failure["reason"] for failure in reported] == ["either asset or archive must be set"]


BASE: dict[str, Any] = {"connection": CONNECTION, "create": "x"}
LISTED = BASE | {"triggers": [1, {"a": "b", "c d": [1]}]}
SET = BASE | {"environment": {"a": "b", "c.d": "e"}}


@pytest.mark.parametrize(
    ("old", "new", "paths", "replaces"),
    [
        (BASE, BASE, {}, []),
        (BASE, BASE | {"create": "y", "update": "z"}, {"create": "UPDATE", "update": "ADD"}, []),
        (BASE | {"stdin": secret("a")}, BASE, {"stdin": "DELETE"}, []),
        (BASE | {"stdin": secret("a")}, BASE | {"stdin": secret("b")}, {"stdin": "UPDATE"}, []),
        (BASE, BASE | {"create": secret("x")}, {"create": "UPDATE"}, []),
        (BASE, BASE | {"create": UNKNOWN}, {"create": "UPDATE"}, []),
        (BASE, BASE | {"connection": secret({"host": "other"} | DEFAULTS)}, {"connection": "UPDATE"}, []),
        (BASE, BASE | {"version": "1", "__internal": "x"}, {}, []),
        (BASE, BASE | {"triggers": [1]}, {"triggers": "ADD_REPLACE"}, ["triggers"]),
        (BASE | {"triggers": [1]}, BASE, {"triggers": "DELETE_REPLACE"}, ["triggers"]),
        (BASE | {"triggers": [1]}, BASE | {"triggers": UNKNOWN}, {"triggers": "UPDATE_REPLACE"}, ["triggers"]),
        (BASE | {"triggers": [1]}, BASE | {"triggers": [UNKNOWN]}, {"triggers[0]": "UPDATE"}, []),
        (
            LISTED,
            BASE | {"triggers": [1, {"a": "c", "c d": [2]}, 3]},
            {"triggers[1].a": "UPDATE", 'triggers[1]["c d"][0]': "UPDATE", "triggers[2]": "ADD"},
            [],
        ),
        (
            SET,
            BASE | {"environment": {"a": "x", "c.d": "f", "g": "h"}},
            {"environment.a": "UPDATE", 'environment["c.d"]': "UPDATE", "environment.g": "ADD"},
            [],
        ),
    ],
)
def test_a_difference_names_its_path(
    command: PluginClient, old: dict[str, Any], new: dict[str, Any], paths: dict[str, str], replaces: list[str]
) -> None:
    answer = command.call("Diff", diff(REMOTE, old, new, old | {"stdout": "a", "stderr": ""})).response
    # ADD is the zero value, which the protocol's JSON form leaves out.
    assert {path: entry.get("kind", "ADD") for path, entry in answer.get("detailedDiff", {}).items()} == paths
    assert answer.get("replaces", []) == replaces
    assert answer["changes"] == ("DIFF_SOME" if paths else "DIFF_NONE")


def test_an_ignored_change_is_none(command: PluginClient) -> None:
    request = diff(REMOTE, BASE, BASE | {"create": "y"}) | {"ignoreChanges": ["create"]}
    assert command.call("Diff", request).response["changes"] == "DIFF_NONE"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"source": asset()}, {"source": asset(text="not looked at")}),
        ({"source": asset(), "triggers": [1]}, {"source": asset(), "triggers": [1]}),
    ],
)
def test_an_asset_is_its_hash(command: PluginClient, old: dict[str, Any], new: dict[str, Any]) -> None:
    common = {"connection": CONNECTION, "remotePath": "/x"}
    assert command.call("Diff", diff(COPY, common | old, common | new)).response["changes"] == "DIFF_NONE"


@pytest.mark.parametrize(
    ("new", "stdout"),
    [
        (BASE, "before"),
        (BASE | {"create": "y"}, UNKNOWN),
        (BASE | {"create": UNKNOWN}, UNKNOWN),
        # What the state does not have is no change to the framework of the official plug-in.
        (BASE | {"update": "z"}, "before"),
    ],
)
def test_a_preview_of_an_update_knows_the_output_only_when_nothing_changes(
    command: PluginClient, new: dict[str, Any], stdout: str
) -> None:
    state = BASE | {"stdout": "before", "stderr": ""}
    assert command.call("Update", update(REMOTE, state, new, preview=True)).properties["stdout"] == stdout


def test_a_preview_of_a_copy_does_not_know_its_source(command: PluginClient) -> None:
    inputs = {"connection": CONNECTION, "remotePath": "/x", "source": asset(text="t")}
    outputs = command.call("Create", create(COPY, inputs, preview=True)).properties
    assert outputs == inputs | {"source": UNKNOWN}


def test_refresh_finds_what_the_state_says(command: PluginClient) -> None:
    state = BASE | {"stdout": "a", "stderr": ""}
    request = {"id": "it", "urn": create(REMOTE, {})["urn"], "properties": state, "inputs": BASE}
    assert command.call("Read", request).response == {"id": "it", "properties": state, "inputs": BASE}
