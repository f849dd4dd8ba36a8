"""A problem's code, and how its text is kept readable whatever the value is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.model.problems import ConfigError, Problem, Problems
from components.model.problems.problem import MOST_MESSAGES, printable, shown

COMPONENTS = Path(__file__).parents[3] / "components"
ADDING = {"add": "problems", "wrong": ""}
"""Methods that note a problem, each with the end of the name of what has it."""


def codes() -> Iterator[tuple[str, str]]:
    """Every code, with the module and the line where it stands."""
    for module in COMPONENTS.rglob("*.py"):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and _notes(call) and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant):
                    yield f"{module.name}:{first.lineno}", str(first.value)
                else:
                    assert ast.unparse(first) == "code", f"{module}:{first.lineno} hides its code"


def _notes(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id == "Problem"
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ADDING:
        return False
    return ast.unparse(call.func.value).endswith(ADDING[call.func.attr])


def test_every_problem_has_a_code_in_kebab_case() -> None:
    found = list(codes())
    assert len(found) > 100
    assert not [(where, code) for where, code in found if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)]


def test_a_problem_is_one_line_that_can_be_read() -> None:
    problem = Problem("missing", "sites.a\nb", "is \x1b[31mred\x1b[0m", f"write {'x' * 5000}")
    assert str(problem).startswith(r"sites.a\nb: is \x1b[31mred\x1b[0m; write xxx")
    assert len(str(problem)) < 1000


def test_many_problems_are_counted_after_the_first_ones() -> None:
    problems = Problems()
    for number in range(MOST_MESSAGES + 40):
        problems.add("missing", f"sites.s{number}", "is missing", "write it")
    with pytest.raises(ConfigError, match="100 mistakes in the configuration") as caught:
        problems.raise_if_any()
    lines = str(caught.value).splitlines()
    assert len(lines) == MOST_MESSAGES + 2
    assert lines[-1] == "  ... and 40 more, shown when these are corrected"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b", "'a b'"),
        (7, "7"),
        ("\u202etxt", r"'\u202etxt'"),
        ("x" * 9000, "'" + "x" * 296 + "..."),
        pytest.param(10**5000, "a number of more than 300 digits", id="number"),
        pytest.param([10**5000], "a list that cannot be shown", id="list"),
    ],
)
def test_a_value_is_shown_short_and_printable(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_a_value_of_any_depth_is_shown() -> None:
    nested: object = "x"
    for _ in range(5000):
        nested = [nested]
    assert len(shown(nested)) <= 300


def test_what_is_printable_stays() -> None:
    assert printable("München") == "München"
    assert printable("\ud800") == r"\ud800"
