"""Names of resources in the pages are those that the program gives."""

import re

import pytest

from tests.support.examples import TREE, changed, configuration
from tests.support.program import run_program

PAGES = ("README.md", *(str(page.relative_to(TREE)) for page in sorted((TREE / "docs").glob("*.md"))))
PURPOSE = (
    r"(?:preflight|files|prepared|grown|verified|firewalled|firewall-confirmed|served|pruned|converged|kubeconfig)"
)
NAME = re.compile(rf"`([\w.-]+-{PURPOSE})`")
HOST = "uvic001.hl-lhc.io"
ANOTHER = "atlas-"
"""The mesh and the cluster of docs/components.md; tests/docs/test_components.py holds that page."""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The resources of the example with firewalls on its hosts."""
    config = changed("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"]}, configuration())
    return {one.name for one in run_program(config, tmp_path_factory.mktemp("program")).values()}


def test_resources_have_the_names_that_the_pages_say(names: set[str]) -> None:
    named = {name for page in PAGES for name in NAME.findall((TREE / page).read_text(encoding="utf-8"))}
    assert len(named) > 8
    expected = {name for name in named if not name.startswith(ANOTHER)}
    assert sorted(name for name in expected if name.replace("HOST", HOST) not in names) == []
