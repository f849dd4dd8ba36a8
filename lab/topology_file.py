"""Topology files: YAML in, a Topology or every mistake at once out."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path as FilePath
from typing import TypeVar

import yaml

from lab.errors import LabError
from lab.topology import OPERATOR, Forward, Host, Nat, Path, Site, Topology
from lab.topology_rules import broken_rules

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,64}}$){_LABEL}(\.{_LABEL})*")
_PLACE_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
_LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")  # no hyphen: no name of namespaces begins like another lab's
_T = TypeVar("_T")


def load(file: FilePath) -> Topology:
    """Read a topology file. Raises LabError with every mistake and its place in the file."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        message = f"topology {file}: {error.strerror}"
        raise LabError(message) from error
    try:
        return parse(text)
    except LabError as error:
        message = f"topology {file}:\n{error}"
        raise LabError(message) from error


def parse(text: str) -> Topology:
    """Make a topology from YAML text. Raises LabError, a line for each mistake: `  path: what, and what to write`."""
    try:
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        message = f"  is not YAML: {error}"
        raise LabError(message) from error
    reader = _Reader()
    topology = reader.topology(raw)
    problems = reader.problems or broken_rules(topology)
    if problems:
        raise LabError("\n".join(f"  {problem}" for problem in problems))
    return topology


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: YAML's own rule, and here it would lose a host silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, count in Counter(keys).items():
            if count > 1:
                message = f"the key {key} is given {count} times"
                raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return super().construct_mapping(node, deep)


class _Reader:
    """Forms of single values. A bad one is noted and replaced by a stand-in, so that reading goes on."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def topology(self, raw: object) -> Topology:
        top = self._mapping({} if raw is None else raw, "", {"name", "operator", "sites"}, {"wan", "mirror"})
        operator = self._mapping(top.get("operator"), "operator", {"address"})
        wan = self._mapping(top.get("wan", {}), "wan", set(), {"default", "links"})
        sites = self._named(top.get("sites"), "sites", _PLACE_NAME)
        links = {}
        for index, item in enumerate(self._list(wan.get("links", []), "wan.links")):
            at = f"wan.links[{index}]"
            between = self._pair(item, at)
            if between in links:
                self._problem(at, f"a second link between {' and '.join(sorted(between))}: keep one")
            links[between] = self._path(item, at, {"between"})
        return Topology(
            name=self._name(top.get("name"), "name"),
            operator=self._address(operator.get("address"), "operator.address"),
            sites=tuple(self._site(name, value) for name, value in sites.items()),
            default=self._path(wan.get("default", {}), "wan.default"),
            links=links,
            mirror=self._typed(top.get("mirror", False), "mirror", bool, "true or false"),
        )

    def _site(self, name: str, raw: object) -> Site:
        at = f"sites.{name}"
        site = self._mapping(raw, at, {"lan", "gateway", "hosts"}, {"nat"})
        hosts = self._named(site.get("hosts"), f"{at}.hosts", _HOST_NAME)
        return Site(
            name=name,
            lan=self._network(site.get("lan"), f"{at}.lan"),
            gateway=self._address(site.get("gateway"), f"{at}.gateway"),
            hosts=tuple(Host(host, self._address(value, f"{at}.hosts.{host}"), name) for host, value in hosts.items()),
            nat=self._nat(site["nat"], f"{at}.nat") if "nat" in site else None,
        )

    def _nat(self, raw: object, at: str) -> Nat:
        nat = self._mapping(raw, at, {"address"}, {"forwards"})
        forwards = []
        for index, item in enumerate(self._list(nat.get("forwards", []), f"{at}.forwards")):
            here = f"{at}.forwards[{index}]"
            forward = self._mapping({} if item is None else item, here, {"protocol", "port", "host", "to"})
            protocol = forward.get("protocol")
            if "protocol" in forward and protocol not in ("tcp", "udp"):
                self._problem(f"{here}.protocol", f"{protocol} is neither tcp nor udp")
            port, to = (int(self._number(forward, key, here, 1, 65535)) for key in ("port", "to"))
            forwards.append(Forward(str(protocol), port, str(forward.get("host")), to))
        return Nat(self._address(nat.get("address"), f"{at}.address"), tuple(forwards))

    def _path(self, raw: object, at: str, also: set[str] = frozenset()) -> Path:  # type: ignore[assignment]
        path = self._mapping(raw, at, also, {"delay_ms", "loss_percent"})
        return Path(
            delay_ms=self._number(path, "delay_ms", at, 0, 10_000, 0),
            loss_percent=self._number(path, "loss_percent", at, 0, 100, 0),
        )

    def _pair(self, raw: object, at: str) -> frozenset[str]:
        value = raw.get("between", []) if isinstance(raw, dict) else []
        if isinstance(value, list) and len(value) == 2 and all(isinstance(place, str) for place in value):
            return frozenset(value)
        self._problem(f"{at}.between", f"write the two places: [site, site] or [{OPERATOR}, site]")
        return frozenset()

    def _mapping(
        self,
        raw: object,
        at: str,
        required: set[str],
        optional: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> Mapping[str, object]:
        if raw is None:  # noted where its name stands, or not needed
            return {}
        if not isinstance(raw, dict):
            self._problem(at or "the file", f"is no mapping: write {', '.join(sorted(required | optional))} below it")
            return {}
        for key in raw.keys() - required - optional:
            self._problem(f"{at}.{key}".lstrip("."), f"is not known here: {', '.join(sorted(required | optional))} are")
        for key in sorted(key for key in required if raw.get(key) is None):
            self._problem(f"{at}.{key}".lstrip("."), "is missing")
        return raw

    def _named(self, raw: object, at: str, form: re.Pattern[str]) -> Mapping[str, object]:
        if not isinstance(raw, dict) or not raw:
            if raw is not None:
                self._problem(at, "is no mapping of names, or an empty one")
            return {}
        for key in raw:
            if not (isinstance(key, str) and form.fullmatch(key)):
                self._problem(f"{at}.{key}", "is no good name: lower-case letters, digits and hyphens, not too long")
        for key, value in raw.items():
            if value is None:
                self._problem(f"{at}.{key}", "is missing")
        return {str(key): value for key, value in raw.items()}

    def _list(self, raw: object, at: str) -> list[object]:
        return self._typed(raw, at, list, "a list")

    def _name(self, raw: object, at: str) -> str:
        name = self._typed(raw, at, str, "a name")
        if raw is not None and not _LAB_NAME.fullmatch(name):
            self._problem(at, f"{name!r} is no good name: a lower-case letter, then letters and digits, up to 12")
        return name

    def _number(
        self, raw: Mapping[str, object], key: str, at: str, low: float, high: float, default: float | None = None
    ) -> float:
        value = raw.get(key, default)
        if value is None:
            return low
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self._problem(f"{at}.{key}", f"{value} is no number from {low} to {high}")
            return low
        return value

    def _typed(self, raw: object, at: str, kind: type[_T], wanted: str) -> _T:
        if isinstance(raw, kind):
            return raw
        if raw is not None:
            self._problem(at, f"{raw!r} is not {wanted}")
        return kind()

    def _address(self, raw: object, at: str) -> IPv4Address:
        return self._converted(raw, at, IPv4Address, "an IPv4 address like 192.0.2.1")

    def _network(self, raw: object, at: str) -> IPv4Network:
        return self._converted(raw, at, IPv4Network, "an IPv4 network like 192.0.2.0/24, without host bits")

    def _converted(self, raw: object, at: str, kind: Callable[[str], _T], wanted: str) -> _T:
        if raw is not None:
            try:
                return kind(str(raw))
            except ValueError:
                self._problem(at, f"{raw} is not {wanted}")
        return kind("0.0.0.0")  # noqa: S104 - a stand-in that is never used, since a problem was noted

    def _problem(self, at: str, text: str) -> None:
        self.problems.append(f"{at}: {text}")
