"""Typed reading of one mapping of the configuration; every mistake is noted with its path."""

import difflib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from components.model.problems import Problems
from components.model.spec.placeholders import MISSING_NETWORK


class Fields:
    """One mapping of the configuration.

    Reading never raises: a mistake is noted in `problems` and a placeholder of the right type is returned, so that
    the rest is read too. `finish` notes the fields that nobody asked for.
    """

    def __init__(self, value: object, path: str, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self._asked: set[str] = set()
        self._values: Mapping[str, object] = {}
        if isinstance(value, Mapping):
            self._values = {str(key): item for key, item in value.items()}
        elif value is not None:
            problems.add("not-a-mapping", path, f"{value!r} is not a mapping", "write `name: value` pairs below it")

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def names(self) -> tuple[str, ...]:
        """Return the keys in the order written; for mappings whose keys are the user's own names."""
        self._asked.update(self._values)
        return tuple(self._values)

    def raw(self, name: str) -> object:
        """Return a field as it was written, None when absent."""
        self._asked.add(name)
        return self._values.get(name)

    def values(self) -> dict[str, object]:
        """Return the whole mapping as it was written; for mappings that are the user's own."""
        return {name: self.raw(name) for name in self.names()}

    def sub(self, name: str) -> "Fields":
        """Return the mapping below a field; empty when absent."""
        return Fields(self.raw(name), self.at(name), self.problems)

    def text(self, name: str, example: str) -> str:
        """Return a required text; the example says what to write."""
        value = self.raw(name)
        if value is None:
            self.problems.add("missing", self.at(name), "is missing", f"write for example `{name}: {example}`")
            return ""
        return self._as_text(name, value, example)

    def optional_text(self, name: str, example: str) -> str | None:
        """Return a text, or None when absent."""
        value = self.raw(name)
        return None if value is None else self._as_text(name, value, example)

    def _as_text(self, name: str, value: object, example: str) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problems.add(
            "not-a-text", self.at(name), f"{value!r} is not a text", f"write for example `{name}: {example}`"
        )
        return ""

    def integer(self, name: str, default: int, low: int, high: int, unit: str) -> int:
        """Return a whole number between low and high."""
        return default if self.raw(name) is None else self._whole(name, default, (low, high), unit, default)

    def _whole(self, name: str, default: int, limits: tuple[int, int], unit: str, example: int) -> int:
        value = self.raw(name)
        low, high = limits
        if isinstance(value, float) and value.is_integer():  # Pulumi's configuration may carry 51820 as 51820.0
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problems.add(
                "not-a-number",
                self.at(name),
                f"{value!r} is not a {unit} from {low} to {high}",
                f"write for example `{name}: {example}`",
            )
            return default
        return value

    def port(self, name: str, example: int) -> int | None:
        """Return a port; None when absent, 0 when it cannot be read."""
        return None if self.raw(name) is None else self._whole(name, 0, (1, 65535), "port", example)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problems.add(
                "not-a-flag", self.at(name), f"{value!r} is neither true nor false", "write true or false, unquoted"
            )
            return default
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        """Return one of the allowed words."""
        words = tuple(allowed)
        value = self.raw(name)
        if value is None:
            return default
        if value not in words:
            self.problems.add(
                "not-a-choice", self.at(name), f"{value!r} is not known", f"write one of {', '.join(words)}"
            )
            return default
        return str(value)

    def texts(self, name: str, default: tuple[str, ...], example: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problems.add(
                "not-a-list",
                self.at(name),
                f"{value!r} is not a list of texts",
                f"write for example `{name}: {example}`",
            )
            return default
        return tuple(value)

    def text_map(self, name: str, example: str) -> dict[str, str]:
        """Return a mapping of texts to texts, empty when absent."""
        below = self.sub(name)
        result: dict[str, str] = {}
        for key in below.names():
            value = below.raw(key)
            if isinstance(value, str):
                result[key] = value
            else:
                below.problems.add(
                    "not-a-text", below.at(key), f"{value!r} is not a text", f"quote it, for example `{example}`"
                )
        return result

    def network(self, name: str, default: str | None, example: str) -> IPv4Network:
        """Return an IPv4 network in CIDR form, with no host bits set."""
        value = self.raw(name) if default is None else (self.raw(name) or default)
        if value is None:
            self.problems.add("missing", self.at(name), "is missing", f"write for example `{name}: {example}`")
            return MISSING_NETWORK
        try:
            return IPv4Network(str(value))
        except ValueError:
            self.problems.add(
                "not-a-network",
                self.at(name),
                f"{value!r} is not an IPv4 network in CIDR form",
                f"write for example `{name}: {example}`",
            )
            return MISSING_NETWORK

    def finish(self) -> None:
        """Note every field that was written but never asked for, with the nearest known name."""
        for name in self._values:
            if name not in self._asked:
                near = difflib.get_close_matches(name, sorted(self._asked), n=1)
                known = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(self._asked))}"
                self.problems.add("unknown-field", self.at(name), "is not a known field", known)
