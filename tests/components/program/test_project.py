"""The fields of Pulumi.yaml that the engine reads."""

import yaml

from tests.support.examples import TREE
from tools.pins import pins


def test_the_project_requires_a_pulumi_version_and_the_pinned_one_meets_it() -> None:
    """tests/engine has the engine apply the range; this test checks that it exists and admits the pinned version."""
    project = yaml.safe_load((TREE / "Pulumi.yaml").read_text(encoding="utf-8"))
    operator, least = project["requiredPulumiVersion"][:2], project["requiredPulumiVersion"][2:]
    assert operator == ">="
    assert [*map(int, least.split("."))] <= [*map(int, pins().pulumi.split("."))]
