"""The paths that README.md and CONTRIBUTING.md name are there, and the rooms are all named."""

import re

import pytest

from tests.support.examples import TREE

PATH = re.compile(r"[A-Za-z_][\w.-]*(/[\w.-]*)*")
SUFFIXES = (".md", ".py", ".sh", ".svg", ".toml", ".txt", ".yaml")


def paths(page: str) -> set[str]:
    """Relative links, and words of code that look like paths of the tree: each is written whole, from the tree's top."""
    code = re.findall(r"`([^`\n]+)`", page) + re.findall(r"^    (.*)$", page, re.MULTILINE)
    words = {word for text in code for word in text.split() if PATH.fullmatch(word)}
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page) if "://" not in link}
    return links | {word for word in words if "/" in word or word.endswith(SUFFIXES)}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_path_that_a_page_names_is_there(name: str) -> None:
    named = paths((TREE / name).read_text(encoding="utf-8"))
    assert len(named) > 10
    assert sorted(path for path in named if not (TREE / path).exists()) == []


def test_every_room_is_in_the_table() -> None:
    page = (TREE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = [
        file.parent for folder in ("components", "components/model") for file in (TREE / folder).glob("*/__init__.py")
    ]
    rooms = {f"`{package.relative_to(TREE)}/`" for package in packages} - {"`components/model/`"}
    assert len(rooms) > 10
    table = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| "))
    assert sorted(room for room in rooms if room not in table) == []
