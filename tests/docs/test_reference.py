"""docs/reference.md and the schema in Pulumi.yaml name the fields that the parser reads, no more and no fewer."""

import re
from typing import Any

import pytest
import yaml

from components.model.spec import defaults
from tests.support.examples import TREE, changed, host_key, read
from tests.support.known_fields import KnownFields

CAPITALS = re.compile(r"\b[A-Z]+\b")


def every_field() -> dict[str, Any]:
    """A configuration that has every field."""
    text = (TREE / "tests/docs/every_field.yaml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(re.sub(r"KEY (\w+)", lambda match: host_key(match[1]), text))
    return config


@pytest.fixture(scope="module")
def fields() -> KnownFields:
    trees = {"directory": str(TREE / "lab/standin"), "wheelhouse": str(TREE / "lab")}
    configs = [every_field(), changed("kubernetes/kubespray", trees, every_field())]
    return KnownFields(configs, lambda name: "PRIVATE KEY" if name == "id_ed25519" else read(name))


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    """Field to what the reference's tables of fields say in its row; `*` stands for a name that the user chooses."""
    found: dict[str, str] = {}
    page = (TREE / "docs/reference.md").read_text(encoding="utf-8")
    for table in page.split("| field | default | meaning |\n")[1:]:
        for row in table.split("\n\n")[0].splitlines()[1:]:
            first, _, rest = row.removeprefix("| ").partition(" | ")
            for name in re.findall("`([^`]+)`", first):
                path = CAPITALS.sub("*", name)
                assert path not in found, f"{name} has two rows"
                found[path] = rest
    return found


def written(value: object, asked: set[str], path: str = "") -> set[str]:
    """Paths of everything in a configuration, with `*` where the parser knows no names."""
    if not isinstance(value, dict):
        return {path}
    found = {path}
    for name, below in value.items():
        one = f"{path}.{name}" if path else name
        found |= written(below, asked, one if one in asked else f"{path}.*")
    return found


def test_every_field_is_written_once_so_that_the_parser_asks_for_what_is_below_it(fields: KnownFields) -> None:
    there = written(every_field(), fields.names)
    elsewhere = {"kubernetes.kubespray.directory", "kubernetes.kubespray.wheelhouse"}
    assert sorted(fields.names - there - elsewhere) == []


def test_the_reference_has_every_field_and_no_other(fields: KnownFields, rows: dict[str, str]) -> None:
    assert len(fields.leaves) > 70
    assert sorted(fields.leaves - rows.keys()) == [], "are missing in docs/reference.md"
    assert sorted(rows.keys() - fields.names) == [], "stand in docs/reference.md, and the parser refuses them"


def test_the_reference_has_the_defaults(fields: KnownFields, rows: dict[str, str]) -> None:
    inherited = "sites.*.firewall.enabled"  # the field's default is what the section above says
    wrong = [
        f"{name}: {default} is not in {rows[name].split(' | ')[0]!r}"
        for name, found in fields.defaults.items()
        for default in found
        if name != inherited and not re.search(rf"(?<![\w.]){re.escape(default)}(?![\w.])", rows[name].split(" | ")[0])
    ]
    assert len(fields.defaults) > 15
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in vars(defaults) if name.isupper()])
def test_a_default_of_the_specification_is_in_the_reference(name: str) -> None:
    value = getattr(defaults, name)
    page = (TREE / "docs/reference.md").read_text(encoding="utf-8")
    for one in value if isinstance(value, tuple) else (value,):
        assert re.search(rf"(?<![\w.]){re.escape(str(one))}(?![\w])", page), f"{name}: {one}"


def test_the_defaults_that_no_question_has_stand_in_their_rows(rows: dict[str, str]) -> None:
    assert rows["ssh.user"].startswith(defaults.SSH_USER)
    assert rows["sites.*.nodes.*.keepalive"].startswith(f"{defaults.KEEPALIVE} without endpoint")
    assert f"({defaults.API_PORT})" in rows["kubernetes.apiAddress"]


def test_the_schema_of_the_configuration_names_the_same_fields(fields: KnownFields) -> None:
    schema = yaml.safe_load((TREE / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert set(schema) == {name for name in fields.names if "." not in name}
    for section, about in schema.items():
        below = {name.rpartition(".")[2] for name in fields.names if name.startswith(f"{section}.")}
        assert set(re.findall(r"`(\w+)`", about["description"])) == below, section
