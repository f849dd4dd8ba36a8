"""Mistakes in a configuration, collected so that all of them are reported at once."""

from collections.abc import Iterator
from dataclasses import dataclass

MOST_MESSAGES = 60
"""Number of problems that are written out; the others are counted."""
MOST_CHARACTERS = 300
"""Length of the text of one value, or of one list of names, in a message."""
_MOST_OF_A_PART = 700
"""Length of one part of a message: a sentence of ours with one value in it."""


@dataclass(frozen=True)
class Problem:
    """One mistake: what kind it is, where it is in the configuration, what is wrong, and what to write instead."""

    code: str
    """Short and stable, in kebab-case. With the path it says which mistake it is, independent of the text."""
    path: str
    what: str
    instead: str

    def __str__(self) -> str:
        parts = (printable(part, _MOST_OF_A_PART) for part in (self.what, self.instead))
        return f"{printable(self.path)}: {'; '.join(parts)}"


class ConfigError(Exception):
    """The configuration cannot be used. Its text has one line for each problem, at most MOST_MESSAGES of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        lines = [f"  - {problem}" for problem in problems[:MOST_MESSAGES]]
        if len(problems) > MOST_MESSAGES:
            lines.append(f"  ... and {len(problems) - MOST_MESSAGES} more, shown when these are corrected")
        text = "\n".join(lines)
        super().__init__(f"{count} in the configuration, nothing was changed on any host:\n{text}")


class Problems:
    """Collects problems while a configuration is read, in the order in which they appear."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._problems))

    def add(self, code: str, path: str, what: str, instead: str) -> None:
        """Add a mistake; reading goes on."""
        self._problems.append(Problem(code, path, what, instead))

    def at(self, path: str) -> bool:
        """Whether a mistake is reported for a field, or for one below it."""
        return any(one.path == path or one.path.startswith(f"{path}.") for one in self._problems)

    def raise_if_any(self) -> None:
        """Raise ConfigError with all mistakes reported so far, if there are any."""
        if self._problems:
            raise ConfigError(tuple(self._problems))


def shown(value: object) -> str:
    """Return a value as a message shows it: quoted if it is text, in one line, shortened."""
    try:
        if isinstance(value, str):
            return printable(repr(value[: MOST_CHARACTERS + 1]))
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MOST_CHARACTERS:
            return f"a number of more than {MOST_CHARACTERS} digits"
        return printable(repr(value))
    except (ValueError, RecursionError):  # numbers inside, of more digits than Python converts; nested too deep
        return f"a {type(value).__name__} that cannot be shown"


def printable(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text in one line: control characters escaped, and no longer than `most` characters."""
    if len(text) > most:
        text = f"{text[: most - 3]}..."
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
