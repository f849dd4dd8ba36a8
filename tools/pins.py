"""Pinned versions: `pins.toml` as typed values."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PINS_FILE = Path(__file__).with_name("pins.toml")


@dataclass(frozen=True)
class GoPin:
    """Programs of one Go module.

    `version` has a leading v. `sum` is the module's `h1:` checksum; if it is empty, only the checksum database vouches
    for the module. `binaries` maps names of programs to import paths. `requires` maps other modules that have some of
    these programs to versions. `replace` maps module paths to the `module version` that replaces them. `edits` maps
    files of the module to replacements of texts, each of which must occur once. `quick` programs are built faster and
    may run slower: this suits large programs that do little here.
    """

    name: str
    module: str
    version: str
    binaries: Mapping[str, str]
    sum: str = ""
    requires: Mapping[str, str] = field(default_factory=dict)
    replace: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    quick: bool = False


@dataclass(frozen=True)
class Pins:
    """All pins. Versions have no leading v, except those of Go modules."""

    pulumi: str
    pulumi_plugins: Mapping[str, str]
    kubernetes: str
    kubernetes_sums: Mapping[str, str]
    etcd_sums: Mapping[str, str]
    gateway_api: str
    go: Mapping[str, GoPin]


@functools.cache
def pins() -> Pins:
    """Return the pins, read once per process. Raises KeyError or TypeError when the file is incomplete."""
    raw = tomllib.loads(PINS_FILE.read_text(encoding="utf-8"))
    return Pins(
        pulumi=raw["pulumi"]["version"],
        pulumi_plugins=raw["pulumi"]["plugins"],
        kubernetes=raw["kubernetes"]["version"],
        kubernetes_sums=raw["kubernetes"]["sums"],
        etcd_sums=raw["etcd"]["sums"],
        gateway_api=raw["gateway-api"]["version"],
        go={name: GoPin(name=name, **values) for name, values in raw["go"].items()},
    )
