"""Mistakes in a stack's configuration: all of them are reported in one message, before any resource is declared."""

import json

import pulumi
import pytest

from components.program.config import load
from tests.support.examples import changed, configuration


def refusal(config: dict[str, object], secret: list[str], *, others: bool = False) -> str:
    values = {f"stretched:{name}": json.dumps(value) for name, value in config.items()}
    pulumi.runtime.set_all_config({**values, "other:name": "x"}, [f"stretched:{name}" for name in secret])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"), others=others)
    return str(caught.value)


def test_secrets_in_plain_sections_and_other_mistakes_are_reported_together() -> None:
    config = changed("mesh/mtu", 1, changed("client", {"ada": {}}))
    message = refusal({**config, "ssh": {}}, ["mesh", "secretVariables"])
    assert message.startswith("10 mistakes in the configuration")
    assert (
        "  - mesh: holds a secret value, but this section is uploaded to hosts in plain files; write a secret"
        in message
    )
    assert "  - mesh.mtu: 1 is not a number of bytes from 1280 to 8920" in message
    assert "  - client: is not a known field; did you mean `clients`?" in message
    assert "secretVariables: holds" not in message
    assert "other" not in message


def test_another_program_may_have_keys_of_its_own() -> None:
    message = refusal(changed("mesh/mtu", 1, changed("mine", "x", configuration())), [], others=True)
    assert "mine" not in message


def test_a_key_with_a_misspelt_project_prefix_is_reported() -> None:
    pulumi.runtime.set_all_config({"strechted:mesh": "{}", "aws:region": "x", "stretched:mesh": "{}"}, [])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"))
    message = str(caught.value)
    assert (
        "  - strechted:mesh: has the prefix strechted, but this project is named stretched; write `stretched:mesh`\n"
        in message
    )
    assert "aws" not in message


@pytest.mark.parametrize("text", ["password1", "[" * 5000, "1" * 5000])
def test_a_value_that_is_no_mapping_is_reported_without_showing_it(text: str) -> None:
    pulumi.runtime.set_all_config({"stretched:secretVariables": text, "stretched:mesh": "{}"}, [])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"))
    message = str(caught.value)
    assert "1 mistake in the configuration" in message
    assert (
        "  - secretVariables: is neither a mapping nor a list, or has too many levels; write `secretVariables:`"
        in message
    )
    assert "password1" not in message
    assert len(message) < 400
