"""Which mistakes a configuration has: the path and the code of each, or the whole text."""

import pytest

from components.model.configuration import parse
from components.model.problems import ConfigError, Problem
from tests.support.examples import read

Mistake = tuple[str, str]
"""Path and code."""


def problems_of(config: dict[str, object]) -> tuple[Problem, ...]:
    """Return the problems of a configuration that is refused."""
    with pytest.raises(ConfigError) as caught:
        parse(config, read)
    return caught.value.problems


def mistakes(config: dict[str, object]) -> list[Mistake]:
    """Return path and code of each."""
    return [(problem.path, problem.code) for problem in problems_of(config)]


def messages(config: dict[str, object]) -> list[str]:
    """Return the text of each."""
    return [str(problem) for problem in problems_of(config)]
