"""Reader of topology files: from YAML to a Topology, or to a list of all mistakes."""

import re
from collections.abc import Mapping, Set
from pathlib import Path as FilePath

from lab.errors import LabError
from lab.forms import Forms, document
from lab.topology import LIKES, OPERATOR, RELEASES, WIDE, Forward, Host, Nat, Path, Site, System, Topology
from lab.topology_rules import broken_rules

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,64}}$){_LABEL}(\.{_LABEL})*")
_SITE_NAME = re.compile(r"[a-z][a-z0-9-]{0,15}")
_REPORTED, _LOST = "told", "lost"  # values of `too_big`: packets that exceed the MTU of a path
_FIELDS = {"like", "release", "kind", "selinux"}
_LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")  # no hyphen, so that no lab's namespace prefix begins with another's


def load(file: FilePath) -> Topology:
    """Read a topology file. Raises LabError with all mistakes and their paths."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"topology {file}: {error.strerror}"
        raise LabError(message) from error
    except LabError as error:
        message = f"topology {file}:\n{error}"
        raise LabError(message) from error


def parse(text: str) -> Topology:
    """Read a topology from YAML text. Raises LabError with a line per mistake: `  path: problem, and what to write`."""
    raw = document(text)
    forms = Forms()
    topology = _topology(forms, {} if raw is None else raw)
    problems = forms.problems or broken_rules(topology)
    if problems:
        raise LabError("\n".join(f"  {problem}" for problem in problems))
    return topology


def _topology(forms: Forms, raw: object) -> Topology:
    top = forms.mapping(raw, "", {"name", "operator", "sites"}, {"wan", "mirror"})
    name = forms.typed(top.get("name"), "name", str, "a name")
    if name and not _LAB_NAME.fullmatch(name):
        forms.problem("name", f"{name!r} is not a valid name: a lower-case letter, then letters and digits, up to 12")
    operator = forms.mapping(top.get("operator"), "operator", {"address"}, {"address6"})
    wan = forms.mapping(top.get("wan"), "wan", frozenset(), {"default", "links"})
    links = {}
    for index, item in enumerate(forms.items(wan.get("links"), "wan.links")):
        at = f"wan.links[{index}]"
        between = _between(forms, item, f"{at}.between")
        if between in links:
            forms.problem(at, f"a second link between {' and '.join(sorted(between))}: keep one")
        links[between] = _path(forms, item, at, {"between"})
    sites = forms.named(top.get("sites"), "sites", _SITE_NAME)
    return Topology(
        name=name,
        operator=forms.address(operator.get("address"), "operator.address"),
        sites=tuple(_site(forms, site, value) for site, value in sites.items()),
        default=_path(forms, wan.get("default"), "wan.default"),
        links=links,
        mirror=forms.typed(top.get("mirror"), "mirror", bool, "true or false"),
        operator6=forms.address6(operator["address6"], "operator.address6") if "address6" in operator else None,
    )


def _site(forms: Forms, name: str, raw: object) -> Site:
    at = f"sites.{name}"
    six = isinstance(raw, dict) and "lan6" in raw
    four = not six or (isinstance(raw, dict) and "lan" in raw)
    required = {"hosts", *(("lan", "gateway") if four else ()), *(("lan6", "gateway6") if six else ())}
    site = forms.mapping(raw, at, required, {"nat", "lan", "gateway", "lan6", "gateway6"} - required)
    hosts = forms.named(site.get("hosts"), f"{at}.hosts", _HOST_NAME)
    return Site(
        name=name,
        lan=forms.network(site.get("lan"), f"{at}.lan") if four else None,
        gateway=forms.address(site.get("gateway"), f"{at}.gateway") if four else None,
        hosts=tuple(_host(forms, host, value, f"{at}.hosts.{host}", name) for host, value in hosts.items()),
        nat=_nat(forms, site["nat"], f"{at}.nat") if "nat" in site else None,
        lan6=forms.network6(site.get("lan6"), f"{at}.lan6") if six else None,
        gateway6=forms.address6(site.get("gateway6"), f"{at}.gateway6") if six else None,
    )


def _host(forms: Forms, name: str, raw: object, at: str, site: str) -> Host:
    """Read a host: its address, or a list of one address of each family, or a mapping with more fields."""
    fields = forms.mapping(raw, at, {"address"}, _FIELDS) if isinstance(raw, dict) else {"address": raw}
    addresses = fields.get("address")
    machine = forms.choice(fields.get("kind", "container"), f"{at}.kind", ("container", "machine")) == "machine"
    selinux = "selinux" in fields and forms.choice(fields["selinux"], f"{at}.selinux", ("enforcing",)) == "enforcing"
    if selinux and not machine:
        forms.problem(f"{at}.selinux", "needs a kernel of its own: add `kind: machine`, or remove it")
    values = addresses if isinstance(addresses, list) else [addresses]
    six = [value for value in values if ":" in str(value)]
    four = [value for value in values if value not in six]
    if len(four) > 1 or len(six) > 1 or not values:
        forms.problem(at, "write one address, or a list of one IPv4 and one IPv6 address")
    return Host(
        name=name,
        address=forms.address(four[0], at) if four else None,
        site=site,
        address6=forms.address6(six[0], at) if six else None,
        system=_system(forms, fields, at),
        machine=machine,
        selinux=selinux,
    )


def _system(forms: Forms, fields: Mapping[str, object], at: str) -> System:
    if "like" in fields and "release" in fields:
        forms.problem(f"{at}.release", "is that of a plain Debian: remove it, or remove `like`")
    return System(
        like=forms.choice(fields.get("like", System.like), f"{at}.like", LIKES),
        release=forms.choice(fields.get("release", System.release), f"{at}.release", RELEASES),
    )


def _nat(forms: Forms, raw: object, at: str) -> Nat:
    nat = forms.mapping({} if raw is None else raw, at, {"address"}, {"forwards"})
    forwards = []
    for index, item in enumerate(forms.items(nat.get("forwards"), f"{at}.forwards")):
        here = f"{at}.forwards[{index}]"
        forward = forms.mapping(item, here, {"protocol", "port", "host", "to"})
        protocol = forward.get("protocol")
        if protocol not in ("tcp", "udp", None):
            forms.problem(f"{here}.protocol", f"{protocol} is neither tcp nor udp")
        port, to = (int(forms.number(forward, key, here, 1, 65535)) for key in ("port", "to"))
        forwards.append(Forward(str(protocol), port, str(forward.get("host")), to))
    return Nat(forms.address(nat.get("address"), f"{at}.address"), tuple(forwards))


def _path(forms: Forms, raw: object, at: str, also: Set[str] = frozenset()) -> Path:
    path = forms.mapping(raw, at, also, {"delay_ms", "loss_percent", "mtu", "too_big"})
    too_big = path.get("too_big", _REPORTED)
    if too_big not in (_REPORTED, _LOST):
        forms.problem(f"{at}.too_big", f"{too_big} is neither {_REPORTED} nor {_LOST}")
    return Path(
        delay_ms=forms.number(path, "delay_ms", at, 0, 10_000),
        loss_percent=forms.number(path, "loss_percent", at, 0, 100),
        mtu=int(forms.number(path, "mtu", at, 576, WIDE)) if "mtu" in path else WIDE,
        silent=too_big == _LOST,
    )


def _between(forms: Forms, raw: object, at: str) -> frozenset[str]:
    value = raw.get("between") if isinstance(raw, dict) else None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(place, str) for place in value):
        return frozenset(value)
    if value is not None:
        forms.problem(at, f"write the two places: [site, site] or [{OPERATOR}, site]")
    return frozenset()
