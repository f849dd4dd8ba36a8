"""Networks as they are outside of the program: who gets a UDP packet that somebody sends to an address and port.

A world knows nothing of the model's rules. The configuration that describes it is made from it, as a user would write it.
"""

import copy
import random
from collections import deque
from collections.abc import Set
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from components.model.fields import Fields
from components.model.parse_sites import SitesParser
from components.model.problems import Problems
from components.model.spec import Spec
from tests.examples import HOST_KEY, example

PORT = 51820
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
    public: Address | None
    """What is forwarded to it from outside."""


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

    @property
    def gateways(self) -> list[int]:
        """The gateways, the preferred one first."""
        return list(dict.fromkeys(one for one in (self.gateway, self.second) if one is not None))


class World:
    """Hosts at sites of these forms, and who hears whom."""

    def __init__(self, forms: list[Form]) -> None:
        self.forms = forms
        self.hosts: dict[str, Host] = {}
        self.gateways: set[str] = set()
        self.listed: dict[str, list[str]] = {}
        self.site_ports: dict[str, dict[str, Address]] = {}
        """Site to gateway to the site's port that leads there."""
        self._public: dict[Address, str] = {}
        self._lans: dict[tuple[str, Address], str] = {}
        for number, form in enumerate(forms):
            site = f"s{number:03}"
            self.listed[site] = [f"n{index}.{site}" for index in form.gateways]
            if form.site_port:
                with_port = self.listed[site][: 2 if form.second_port else 1]
                self.site_ports[site] = {
                    name: (f"198.18.{number}.1", 4000 + number + 1000 * index) for index, name in enumerate(with_port)
                }
            for index in range(form.nodes):
                own = (f"198.18.{number}.{index // 2 + 2}", PORT + index % 2) if index in form.own_ports else None
                host = Host(
                    name=f"n{index}.{site}",
                    site=site,
                    mesh=f"172.20.{number}.{index + 1}",
                    lan=f"10.1.0.{index + 1}" if index in form.lan else None,
                    public=self.site_ports.get(site, {}).get(f"n{index}.{site}", own),
                )
                self.hosts[host.name] = host
                if host.public:
                    self._public[host.public] = host.name
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
        site = self.hosts[sender].site
        if address in self.site_ports.get(site, {}).values():
            return None  # the site's router does not send back what comes from inside
        return self._public.get(address) or self._lans.get((site, address))

    def neighbours(self) -> dict[str, set[str]]:
        """Return who can have a conversation with whom, because one of the two can begin it."""
        found: dict[str, set[str]] = {name: set() for name in self.hosts}
        for one in self.hosts.values():
            for other in self.hosts.values():
                addresses = [other.public] if other.public else []
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
                site["endpoint"] = ["{}:{}".format(*port) for port in self.site_ports[host.site].values()]
            elif host.public:
                node["endpoint"] = "{}:{}".format(*host.public)
            if host.lan:
                node["lanAddress"] = host.lan
            site["nodes"][host.name] = node
        return sites

    def spec(self) -> Spec:
        """Return the specification, also where pairs cannot meet, which parsing a whole configuration refuses."""
        problems = Problems()
        mesh = replace(example().mesh, cidr=IPv4Network("172.20.0.0/16"))
        fields = Fields(self.sites(), "sites", problems)
        sites = SitesParser(mesh, Fields({}, "ssh", problems), []).parse(fields)
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
    return Form(nodes, own, some(), gateway, site_port, second, site_port and source.random() < 0.5)


def random_world(source: random.Random, sites: int, most: int) -> World:
    """Return a world of this many sites with at most so many nodes each."""
    return World([random_form(source, most) for _ in range(sites)])
