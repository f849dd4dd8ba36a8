"""What follows from a specification and is asked for again and again, for every node: worked out once."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from components.model.spec import Spec

T = TypeVar("T")


def derived(function: Callable[[Spec], T]) -> Callable[[Spec], T]:
    """Keep a function's answer with the specification, as functools.cached_property would; nobody changes it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(spec: Spec) -> T:
        answers = vars(spec)
        if name not in answers:
            answers[name] = function(spec)
        answer: T = answers[name]
        return answer

    return kept
