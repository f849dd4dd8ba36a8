"""What is wrong with a stack's configuration before anything is declared: all of it, in one message."""

import json

import pulumi
import pytest

from components.program.config import load
from tests.support.examples import changed, configuration


def message(config: dict[str, object], secret: list[str], *, others: bool = False) -> str:
    values = {f"stretched:{name}": json.dumps(value) for name, value in config.items()}
    pulumi.runtime.set_all_config({**values, "other:name": "x"}, [f"stretched:{name}" for name in secret])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"), others=others)
    return str(caught.value)


def test_secrets_in_plain_sections_and_other_mistakes_come_together() -> None:
    config = changed("mesh/mtu", 1, changed("client", {"ada": {}}))
    told = message({**config, "ssh": {}}, ["mesh", "secretVariables"])
    assert told.startswith("10 mistakes in the configuration")
    assert "  - mesh: holds a secret value, and what is written here is uploaded as plain files; write a secret" in told
    assert "  - mesh.mtu: 1 is not a number of bytes from 1280 to 8920" in told
    assert "  - client: is not a known field; did you mean `clients`?" in told
    assert "secretVariables: holds" not in told
    assert "other" not in told


def test_a_program_may_have_names_of_its_own() -> None:
    told = message(changed("mesh/mtu", 1, changed("mine", "x", configuration())), [], others=True)
    assert "mine" not in told


def test_a_name_below_nearly_this_projects_prefix_is_not_passed_over() -> None:
    pulumi.runtime.set_all_config({"strechted:mesh": "{}", "aws:region": "x", "stretched:mesh": "{}"}, [])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"))
    told = str(caught.value)
    assert "  - strechted:mesh: begins with strechted, and this project is stretched; write `stretched:mesh`\n" in told
    assert "aws" not in told


@pytest.mark.parametrize("text", ["password1", "[" * 5000, "1" * 5000])
def test_what_is_no_mapping_is_told_without_showing_it(text: str) -> None:
    pulumi.runtime.set_all_config({"stretched:secretVariables": text, "stretched:mesh": "{}"}, [])
    with pytest.raises(pulumi.RunError) as caught:
        load(pulumi.Config("stretched"))
    told = str(caught.value)
    assert "1 mistake in the configuration" in told
    assert (
        "  - secretVariables: is neither a mapping nor a list, or has too many levels; write `secretVariables:`" in told
    )
    assert "password1" not in told
    assert len(told) < 400
