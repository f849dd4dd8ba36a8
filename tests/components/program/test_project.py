"""Pulumi.yaml, as far as the engine looks at it."""

import yaml

from tests.support.examples import TREE
from tools.pins import pins


def test_an_engine_that_is_too_old_is_refused_and_the_pinned_one_is_not() -> None:
    """The engine itself takes the range in tests/engine; this holds that it is there, and not above what is pinned."""
    project = yaml.safe_load((TREE / "Pulumi.yaml").read_text(encoding="utf-8"))
    operator, least = project["requiredPulumiVersion"][:2], project["requiredPulumiVersion"][2:]
    assert operator == ">="
    assert [*map(int, least.split("."))] <= [*map(int, pins().pulumi.split("."))]
