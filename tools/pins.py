"""The pinned versions of `pins.toml`, typed."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PINS_FILE = Path(__file__).with_name("pins.toml")


@dataclass(frozen=True)
class GoPin:
    """Programs of one Go module.

    `version` has the leading v. `sum` is the module's `h1:` line, empty where the checksum database alone vouches.
    `binaries` maps the name that a program gets to its import path, `requires` modules to versions for those programs
    that lie in another module. `replace` maps module paths to the `module version` that takes their place. `edits` maps
    files of the module to texts that stand there once, and those to what is built instead. `quick` programs are
    built sooner and may run slower: for large ones that do little here.
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
    """Versions have no leading v here, but where Go writes it."""

    pulumi: str
    pulumi_plugins: Mapping[str, str]
    kubernetes: str
    kubernetes_sums: Mapping[str, str]
    etcd_sums: Mapping[str, str]
    gateway_api: str
    go: Mapping[str, GoPin]


@functools.cache
def pins() -> Pins:
    """Read once a process. A file that lacks something is a mistake of ours: KeyError or TypeError."""
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
