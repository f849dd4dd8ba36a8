"""Networks as they are outside of the program: who gets a UDP packet that somebody sends to an address and port.

A world knows nothing of the model's rules. The configuration that describes it is made from it, as a user would write it.
"""

import copy
import random
from collections import deque
from collections.abc import Set
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from components.model.problems import Problems
from components.model.read.fields import Fields
from components.model.read.host_keys import KnownHosts
from components.model.read.sites import SitesParser
from components.model.spec import Spec
from components.model.spec.families import IPV4, IPV6
from tests.support.examples import HOST_KEY, example

PORT = 51820
WAYS = ((IPV4,), (IPV6,), (IPV4, IPV6), (IPV6, IPV4))
"""Families of addresses, the better one first."""
Address = tuple[str, int]


@dataclass(frozen=True)
class Host:
    """One host of a world."""

    name: str
    site: str
    mesh: str
    """Its address of wg0."""
    lan: str | None
    """Its address on the site's LAN, None: nobody wrote it down."""
    public: tuple[Address, ...]
    """What is forwarded to it from outside, in the order in which it shall be used."""
    families: tuple[str, ...] = (IPV4,)
    """In which it can send to other sites."""
    named: bool = False
    """Its endpoint is written as a name, which stands for what is forwarded to it."""


@dataclass(frozen=True)
class Form:
    """What a site is like; the indices are those of its nodes."""

    nodes: int
    own_ports: frozenset[int]
    lan: frozenset[int]
    gateway: int | None
    site_port: bool
    """One port for the whole site, to its gateway; there are no own ports then."""
    second: int | None = None
    """Another gateway, less preferred; the same one: there is none."""
    second_port: bool = False
    """Where there is a port for the whole site, the second gateway has one too."""
    families: tuple[tuple[str, ...], ...] = ()
    """In which each node can send to other sites; none told: IPv4."""
    ports: tuple[tuple[str, ...], ...] = ()
    """In which of these its port can be reached, if it has one; none told: all."""
    named: frozenset[int] = frozenset()
    """Whose endpoints are written as names."""

    @property
    def gateways(self) -> list[int]:
        """The gateways, the preferred one first."""
        return list(dict.fromkeys(one for one in (self.gateway, self.second) if one is not None))

    def families_of(self, index: int) -> tuple[str, ...]:
        """In which families a node can send."""
        return self.families[index] if self.families else (IPV4,)

    def ports_of(self, index: int) -> tuple[str, ...]:
        """In which families its port can be reached, if it has one."""
        if index in self.named:
            return self.families_of(index)  # a name is to have an address of each
        return self.ports[index] if self.ports else self.families_of(index)


def family(address: Address) -> str:
    """The family of a literal address."""
    return IPV6 if ":" in address[0] else IPV4


class World:
    """Hosts at sites of these forms, and who hears whom."""

    def __init__(self, forms: list[Form]) -> None:
        self.forms = forms
        self.hosts: dict[str, Host] = {}
        self.gateways: set[str] = set()
        self.listed: dict[str, list[str]] = {}
        self.site_ports: dict[str, dict[str, tuple[Address, ...]]] = {}
        """Site to gateway to the site's port that leads there."""
        self._public: dict[Address, str] = {}
        self._names: dict[str, tuple[Address, ...]] = {}
        self._lans: dict[tuple[str, Address], str] = {}
        for number, form in enumerate(forms):
            site = f"s{number:03}"
            self.listed[site] = [f"n{index}.{site}" for index in form.gateways]
            router = {IPV4: f"198.18.{number}.1", IPV6: f"2001:db8:{number + 1:x}::1"}
            if form.site_port:
                with_port = form.gateways[: 2 if form.second_port else 1]
                self.site_ports[site] = {
                    f"n{index}.{site}": tuple((router[ip], 4000 + number + 1000 * rank) for ip in form.ports_of(index))
                    for rank, index in enumerate(with_port)
                }
            for index in range(form.nodes):
                places = {IPV4: f"198.18.{number}.{index // 2 + 2}", IPV6: f"2001:db8:{number + 1:x}::{index + 2:x}"}
                own = tuple((places[ip], PORT + index % 2) for ip in form.ports_of(index))
                host = Host(
                    name=f"n{index}.{site}",
                    site=site,
                    mesh=f"172.20.{number}.{index + 1}",
                    lan=f"10.1.0.{index + 1}" if index in form.lan else None,
                    public=self.site_ports.get(site, {}).get(
                        f"n{index}.{site}", own if index in form.own_ports else ()
                    ),
                    families=form.families_of(index),
                    named=index in form.named,
                )
                self.hosts[host.name] = host
                self._public |= dict.fromkeys(host.public, host.name)
                if host.named:
                    self._names[f"dns.{host.name}"] = host.public
                if host.lan:
                    self._lans[site, (host.lan, PORT)] = host.name
                if index in form.gateways:
                    self.gateways.add(host.name)

    def without(self, leaving: Set[str]) -> "World":
        """Return what is declared when these hosts are removed; they go on being there in this world."""
        rest = copy.copy(self)
        rest.hosts = {name: host for name, host in self.hosts.items() if name not in leaving}
        rest.gateways = self.gateways - leaving
        rest.listed = {site: [name for name in names if name not in leaving] for site, names in self.listed.items()}
        rest.site_ports = {
            site: {name: address for name, address in ports.items() if name not in leaving}
            for site, ports in self.site_ports.items()
        }
        return rest

    def hears(self, sender: str, address: Address) -> str | None:
        """Return the host that gets what `sender` sends to an address; None when nobody does."""
        site, families = self.hosts[sender].site, self.hosts[sender].families
        if (site, address) in self._lans:
            return self._lans[site, address]
        if address[0] in self._names:  # what a resolver gives comes first in a family that the host has
            found = [one for one in self._names[address[0]] if family(one) in families]
            if not found:
                return None
            address = found[0]
        if any(address in port for port in self.site_ports.get(site, {}).values()):
            return None  # the site's router does not send back what comes from inside
        return self._public.get(address) if family(address) in families else None

    def neighbours(self) -> dict[str, set[str]]:
        """Return who can have a conversation with whom, because one of the two can begin it."""
        found: dict[str, set[str]] = {name: set() for name in self.hosts}
        for one in self.hosts.values():
            for other in self.hosts.values():
                addresses = list(other.public)
                addresses += [(other.lan, PORT)] if other.lan else []
                if one != other and any(self.hears(one.name, address) == other.name for address in addresses):
                    found[one.name].add(other.name)
                    found[other.name].add(one.name)
        return found

    def connected(self, start: str, neighbours: dict[str, set[str]]) -> set[str]:
        """Return whom any routing at all could connect `start` with, through gateways only."""
        seen, waiting = {start}, deque([start])
        while waiting:
            here = waiting.popleft()
            if here == start or here in self.gateways:
                waiting.extend(neighbours[here] - seen)
                seen |= neighbours[here]
        return seen - {start}

    def sites(self) -> dict[str, object]:
        """Return what a user writes to describe this world, the section `sites`."""
        sites: dict[str, object] = {}
        for host in self.hosts.values():
            site = sites.setdefault(host.site, {"institution": "i", "nodes": {}})
            assert isinstance(site, dict)
            node: dict[str, object] = {"address": host.mesh, "ssh": {"host": host.name, "hostKey": HOST_KEY}}
            if self.listed[host.site]:
                site["gateway"] = self.listed[host.site]
            if self.site_ports.get(host.site):
                written = [self._endpoint(self.hosts[name]) for name in self.site_ports[host.site]]
                # Of one gateway it is written as at a node.
                site["endpoint"] = written if len(self.listed[host.site]) > 1 else written[0]
            elif host.public:
                node["endpoint"] = self._endpoint(host)
            told = () if host.named else tuple(family(address) for address in host.public)
            if host.families != (told or (IPV4,)):
                node["ipFamilies"] = list(host.families)
            if host.lan:
                node["lanAddress"] = host.lan
            site["nodes"][host.name] = node
        return sites

    def _endpoint(self, host: Host) -> str | list[str]:
        if host.named:
            return f"dns.{host.name}:{host.public[0][1]}"
        written = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in host.public]
        return written if len(written) > 1 else written[0]

    def spec(self) -> Spec:
        """Return the specification, also where pairs cannot meet, which parsing a whole configuration refuses."""
        problems = Problems()
        mesh = replace(example().mesh, cidr=IPv4Network("172.20.0.0/16"))
        fields = Fields(self.sites(), "sites", problems)
        sites = SitesParser(mesh, Fields({}, "ssh", problems), KnownHosts([]), str).parse(fields)
        problems.raise_if_any()
        return replace(example(), mesh=mesh, sites=sites)


def random_form(source: random.Random, most: int) -> Form:
    """Return a site of any form, the usual ones more often."""
    nodes = source.randint(1, most)
    everybody = frozenset(range(nodes))

    def some() -> frozenset[int]:
        return source.choice([frozenset(), everybody, frozenset(source.sample(range(nodes), source.randint(0, nodes)))])

    gateway = source.choice([None, source.randrange(nodes)])
    site_port = gateway is not None and source.random() < 0.5
    second = source.choice([None, source.randrange(nodes)]) if gateway is not None else None
    own = frozenset() if site_port else some()
    families = tuple(source.choice(WAYS) for _ in everybody)
    ports = tuple(source.choice([way for way in WAYS if set(way) <= set(mine)]) for mine in families)
    second_port = site_port and source.random() < 0.5
    return Form(nodes, own, some(), gateway, site_port, second, second_port, families, ports, some())


def random_world(source: random.Random, sites: int, most: int) -> World:
    """Return a world of this many sites with at most so many nodes each."""
    return World([random_form(source, most) for _ in range(sites)])
