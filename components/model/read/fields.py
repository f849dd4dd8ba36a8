"""Typed reading of one mapping of the configuration; every mistake is reported with its path."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network

from components.model.problems import Problems, shown
from components.model.spec.placeholders import MISSING_NETWORK
from components.model.values.address import parse_network, special_network, without_host_bits
from components.model.values.line import is_line


class Fields:
    """One mapping of the configuration.

    Reading never raises: a mistake is added to `problems` and a placeholder of the right type is returned, so that
    the rest is read too. `finish` reports the fields that are not known.
    """

    def __init__(self, value: object, path: str, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self._known: set[str] = set()
        self._values: Mapping[str, object] = {}
        self.readable = isinstance(value, Mapping) or value is None
        """False: what is written here is not a mapping, which is reported."""
        if isinstance(value, Mapping):
            self._values = {str(key): item for key, item in value.items()}
        elif value is not None:
            problems.add(
                "not-a-mapping", path, f"{shown(value)} is not a mapping", "write `name: value` pairs below it"
            )

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def wrong(self, code: str, name: str, what: str, instead: str) -> None:
        """Report a mistake of a field."""
        self.problems.add(code, self.at(name), what, instead)

    def names(self) -> tuple[str, ...]:
        """Return the keys in the order written; for mappings whose keys are names that users choose."""
        self._known.update(self._values)
        return tuple(self._values)

    def raw(self, name: str) -> object:
        """Return a field as it was written, None when absent."""
        self._known.add(name)
        return self._values.get(name)

    def values(self) -> dict[str, object]:
        """Return the whole mapping as it was written; for mappings of the user's own keys and values."""
        return {name: self.raw(name) for name in self.names()}

    def sub(self, name: str) -> "Fields":
        """Return the mapping below a field; empty when absent."""
        return Fields(self.raw(name), self.at(name), self.problems)

    def text(self, name: str, example: str) -> str:
        """Return a required line of text, empty when there is none; the example says what to write."""
        value = self.raw(name)
        if value is None:
            self.wrong("missing", name, "is missing", f"write for example `{name}: {example}`")
            return ""
        return self._as_text(name, value, example)

    def optional_text(self, name: str, example: str) -> str | None:
        """Return a line of text, None when absent, empty when it cannot be read."""
        value = self.raw(name)
        return None if value is None else self._as_text(name, value, example)

    def _as_text(self, name: str, value: object, example: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.wrong("not-a-text", name, f"{shown(value)} is not a string", f"write for example `{name}: {example}`")
            return ""
        text = value.strip()
        if not is_line(text):
            what = f"{shown(text)} is not one line of printable characters"
            self.wrong("not-a-line", name, what, f"write for example `{name}: {example}`")
            return ""
        return text

    def word(self, name: str, example: str, accepted: Callable[[str], bool], code: str, kind: str) -> str | None:
        """Return a string that is `accepted`, None when absent, empty when it is not."""
        text = self.optional_text(name, example)
        if text and not accepted(text):
            self.wrong(code, name, f"{shown(text)} is not {kind}", f"write for example `{name}: {example}`")
            return ""
        return text

    def integer(self, name: str, default: int, low: int, high: int, unit: str, example: int | None = None) -> int:
        """Return a whole number between low and high."""
        if self.raw(name) is None:
            return default
        return self._whole(name, default, (low, high), unit, default if example is None else example)

    def _whole(self, name: str, default: int, limits: tuple[int, int], unit: str, example: int) -> int:
        value = self.raw(name)
        low, high = limits
        if isinstance(value, float) and value.is_integer():  # Pulumi's configuration may carry 51820 as 51820.0
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            digits = re.fullmatch(" *([0-9]{1,6}) *[a-z]*", value) if isinstance(value, str) else None
            meant = int(digits[1]) if digits and low <= int(digits[1]) <= high else None
            instead = f"write for example `{name}: {example}`" if meant is None else f"write `{name}: {meant}`"
            self.wrong("not-a-number", name, f"{shown(value)} is not a {unit} from {low} to {high}", instead)
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
            self.wrong("not-a-flag", name, f"{shown(value)} is neither true nor false", "write true or false, unquoted")
            return default
        return value

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        """Return one of the allowed words."""
        words = tuple(allowed)
        value = self.raw(name)
        if value is None:
            return default
        if value not in words:
            self.wrong("not-a-choice", name, f"{shown(value)} is not known", f"write one of {', '.join(words)}")
            return default
        return str(value)

    def texts(self, name: str, default: tuple[str, ...], example: str) -> tuple[str, ...]:
        """Return a list of lines of text."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            what = f"{shown(value)} is not a list of strings"
            self.wrong("not-a-list", name, what, f"write for example `{name}: {example}`")
            return default
        words = tuple(item.strip() for item in value)
        for word in words:
            if not word or not is_line(word):
                what = f"{shown(word)} is not one line of printable characters"
                self.wrong("not-a-line", name, what, f"write for example `{name}: {example}`")
                return default
        return words

    def network(self, name: str, default: str | None, example: str) -> IPv4Network:
        """Return an IPv4 network in CIDR form, without host bits: mesh, pods, services or clients."""
        value = self.raw(name)
        if value is None and default is None:
            self.wrong("missing", name, "is missing", f"write for example `{name}: {example}`")
            return MISSING_NETWORK
        text = str(default) if value is None else value.strip() if isinstance(value, str) else ""
        try:
            network = parse_network(text)
        except ValueError:
            network = None
        if not isinstance(network, IPv4Network):
            meant = without_host_bits(text)
            instead = (
                f"write `{name}: {meant}`" if meant and ":" not in meant else f"write for example `{name}: {example}`"
            )
            self.wrong("not-a-network", name, f"{shown(value)} is not an IPv4 network in CIDR form", instead)
            return MISSING_NETWORK
        kind = special_network(network)
        if kind:
            what = f"{network} has {kind} addresses, which no host can have"
            self.wrong("special-addresses", name, what, f"write for example `{name}: {example}`")
            return MISSING_NETWORK
        return network

    def finish(self) -> None:
        """Report every field that is not known, with the nearest known name."""
        for name in self._values:
            if name not in self._known:
                near = difflib.get_close_matches(name, sorted(self._known), n=1)
                known = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(self._known))}"
                self.wrong("unknown-field", name, "is not a known field", known)
