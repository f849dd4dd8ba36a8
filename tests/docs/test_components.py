"""The example of docs/components.md is the program that the tests run, and the page names the whole public face."""

import ast
import re
import textwrap

import components
from tests.support.examples import TREE

PAGE = (TREE / "docs/components.md").read_text(encoding="utf-8")


def test_the_example_is_the_program_of_two_meshes() -> None:
    program = (TREE / "tests/components/two_meshes.py").read_text(encoding="utf-8")
    example = next(iter(re.findall(r"(?:^(?:    .*)?\n)+(?=It is)", PAGE, re.MULTILINE)))
    without_docstring = ast.parse(program).body[1:]
    assert [ast.dump(one) for one in ast.parse(textwrap.dedent(example)).body] == [
        ast.dump(one) for one in without_docstring
    ]


def test_the_page_names_all_that_a_program_imports_and_writes() -> None:
    arguments = {*components.MeshArgs.__annotations__, *components.ClusterArgs.__annotations__}
    public = {name for name in components.__all__ if not name.endswith("Args")}
    assert sorted(name for name in arguments | public if not re.search(rf"\b{name}\b", PAGE)) == []
