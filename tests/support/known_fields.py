"""Which fields the readers know, by the questions that they ask: the parser has no list of fields."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unittest.mock import patch

from components.model.configuration import parse
from components.model.read.fields import Fields

DEFAULTS = {"integer": 1, "network": 1, "choice": 2}
"""Methods of Fields that are given a default: the place of it behind the field's name."""


class KnownFields:
    """The fields that parsing some configurations asked for, by path: `*` stands for a name that the user chooses.

    Names in these configurations must have no dots.
    """

    def __init__(self, configs: Iterable[Mapping[str, object]], read: Callable[[str], str]) -> None:
        self._asked: set[tuple[str, str]] = set()
        self._free: set[str] = set()
        self._given: dict[tuple[str, str], set[str]] = {}
        self._parse(configs, read)
        self.defaults = {self._pattern(path, name): found for (path, name), found in self._given.items()}
        """Field to the defaults that readers gave for it, as texts; more than one where it depends on others."""
        every = {self._pattern(path, name) for path, name in self._asked}
        self.names = {one for one in every if not one.endswith("*")}
        """All of them, sections too."""
        self.leaves = {one for one in self.names if not any(other.startswith(f"{one}.") for other in self.names)}
        """Those that hold a value, or a mapping of the user's own."""

    def _parse(self, configs: Iterable[Mapping[str, object]], read: Callable[[str], str]) -> None:
        raw, names = Fields.raw, Fields.names

        def noted_raw(fields: Fields, name: str) -> object:
            self._asked.add((fields.path, name))
            return raw(fields, name)

        def noted_names(fields: Fields) -> tuple[str, ...]:
            self._free.add(fields.path)
            return names(fields)

        def noting(method: str) -> Callable[..., Any]:
            original = getattr(Fields, method)

            def noted(fields: Fields, name: str, *rest: Any, **named: Any) -> Any:
                value = named["default"] if "default" in named else rest[DEFAULTS.get(method, 1) - 1]
                if value is not None:
                    self._given.setdefault((fields.path, name), set()).add(_as_text(value))
                return original(fields, name, *rest, **named)

            return noted

        replaced: dict[str, Any] = {"raw": noted_raw, "names": noted_names} | {
            name: noting(name) for name in (*DEFAULTS, "flag")
        }
        with patch.multiple(Fields, **replaced):
            for config in configs:
                parse(config, read)

    def _pattern(self, path: str, name: str) -> str:
        parts = [*path.split("."), name] if path else [name]
        return ".".join("*" if ".".join(parts[:index]) in self._free else part for index, part in enumerate(parts))


def _as_text(value: object) -> str:
    """Return a default as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
