"""Mistakes in a configuration, collected so that all of them are reported at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is in the configuration, what is wrong, and what to write instead."""

    path: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}; {self.instead}"


class ConfigError(Exception):
    """The configuration cannot be used. Its text has one line for each problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{count} in the configuration, nothing was changed on any host:\n{lines}")


class Problems:
    """Collects problems while a configuration is read, in the order in which they are found."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, path: str, what: str, instead: str) -> None:
        """Note a mistake; reading goes on."""
        self._found.append(Problem(path, what, instead))

    def raise_if_any(self) -> None:
        """Raise ConfigError with everything noted so far, if anything was."""
        if self._found:
            raise ConfigError(tuple(self._found))
