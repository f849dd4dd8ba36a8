"""Readers of single values in a YAML document. They record bad values with their paths, and go on with placeholders."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar

import yaml

from lab.errors import LabError

_T = TypeVar("_T")


class _Loader(yaml.SafeLoader):
    """SafeLoader that rejects duplicate keys, as YAML requires; otherwise a host could get lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, count in Counter(keys).items():
            if count > 1:
                message = f"the key {key} is given {count} times"
                raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return super().construct_mapping(node, deep)


def document(text: str) -> object:
    """Return the content of YAML text. Raises LabError when it is not YAML, or has a duplicate key."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        message = f"  is not YAML: {error}"
        raise LabError(message) from error


class Forms:
    """Readers of values; `at` is the path of the value for messages.

    None means that the value is missing. `mapping` and `named` record missing values that are required, so the other
    readers do not. For a bad or missing value they return a placeholder; `problems` is then not empty.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, at: str, text: str) -> None:
        """Record a mistake."""
        self.problems.append(f"{at.lstrip('.') or 'the file'}: {text}")

    def mapping(self, raw: object, at: str, required: Set[str], optional: Set[str] = frozenset()) -> dict[str, object]:
        """Read a mapping with these keys and no others."""
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.problem(at, f"is not a mapping: write {', '.join(sorted(required | optional))} below it")
            return {}
        for key in raw.keys() - required - optional:
            self.problem(f"{at}.{key}", f"is unknown here; the fields are {', '.join(sorted(required | optional))}")
        for key in sorted(key for key in required if raw.get(key) is None):
            self.problem(f"{at}.{key}", "is missing")
        return raw

    def named(self, raw: object, at: str, form: re.Pattern[str]) -> dict[str, object]:
        """Read a mapping from names of a form to values."""
        if not isinstance(raw, dict) or not raw:
            if raw is not None:
                self.problem(at, "is not a mapping of names, or is empty")
            return {}
        for key, value in raw.items():
            if not (isinstance(key, str) and form.fullmatch(key)):
                self.problem(f"{at}.{key}", "is not a valid name: use a few lower-case letters, digits and hyphens")
            elif value is None:
                self.problem(f"{at}.{key}", "is missing")
        return {str(key): value for key, value in raw.items()}

    def items(self, raw: object, at: str) -> list[object]:
        """Read a list; a missing list is empty, and an item without value is an empty mapping."""
        return [{} if item is None else item for item in self.typed(raw, at, list, "a list")]

    def number(self, raw: Mapping[str, object], key: str, at: str, low: float, high: float) -> float:
        """Read a number from `low` to `high`, both included."""
        value = raw.get(key)
        if value is None:
            return low
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.problem(f"{at}.{key}", f"{value} is not a number from {low} to {high}")
            return low
        return value

    def choice(self, raw: object, at: str, choices: Sequence[str]) -> str:
        """Read one of a few words."""
        if raw in choices:
            return str(raw)
        self.problem(at, f"{raw} is not one of {', '.join(choices)}")
        return choices[0]

    def typed(self, raw: object, at: str, kind: type[_T], wanted: str) -> _T:
        """Read a value of a plain type."""
        if isinstance(raw, kind):
            return raw
        if raw is not None:
            self.problem(at, f"{raw!r} is not {wanted}")
        return kind()

    def address(self, raw: object, at: str) -> IPv4Address:
        """Read an IPv4 address."""
        return self._converted(raw, at, IPv4Address, "an IPv4 address like 192.0.2.1")

    def address6(self, raw: object, at: str) -> IPv6Address:
        """Read an IPv6 address."""
        return self._converted(raw, at, IPv6Address, "an IPv6 address like 2001:db8::1", "::")

    def network6(self, raw: object, at: str) -> IPv6Network:
        """Read an IPv6 network."""
        return self._converted(raw, at, IPv6Network, "an IPv6 network like 2001:db8:1::/64, without host bits", "::")

    def network(self, raw: object, at: str) -> IPv4Network:
        """Read an IPv4 network."""
        return self._converted(raw, at, IPv4Network, "an IPv4 network like 192.0.2.0/24, without host bits")

    def _converted(
        self,
        raw: object,
        at: str,
        kind: Callable[[str], _T],
        wanted: str,
        placeholder: str = "0.0.0.0",  # noqa: S104 - never used, because a problem is recorded
    ) -> _T:
        if raw is not None:
            try:
                return kind(str(raw))
            except ValueError:
                self.problem(at, f"{raw} is not {wanted}")
        return kind(placeholder)
