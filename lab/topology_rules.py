"""Rules for the values of a topology together, once each of them is well-formed."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import combinations
from typing import TypeAlias

from lab.topology import OPERATOR, Site, Topology

_ROUTER_PREFIX = "router-"
_Address: TypeAlias = IPv4Address | IPv6Address
_Placed: TypeAlias = tuple[str, _Address | None]


def broken_rules(topology: Topology) -> list[str]:
    """Return all mistakes, each with its path in the file."""
    return [
        *_names(topology),
        *(problem for site in topology.sites for problem in _site(site)),
        *_overlaps(topology),
        *_addresses(topology),
        *_links(topology),
    ]


def _names(topology: Topology) -> Iterator[str]:
    if OPERATOR in {site.name for site in topology.sites}:
        yield f"sites.{OPERATOR}: is the name of the operator's place: choose another"
    seen: dict[str, str] = {}
    for host in topology.hosts:
        at = f"sites.{host.site}.hosts.{host.name}"
        if host.short == OPERATOR or host.short.startswith(_ROUTER_PREFIX):
            yield f"{at}: the first label {host.short} is reserved by the lab: choose another"
        if host.short in seen:
            yield f"{at}: the first label {host.short} is that of {seen[host.short]} already: choose another"
        seen.setdefault(host.short, host.name)


def _site(site: Site) -> Iterator[str]:
    at = f"sites.{site.name}"
    four: list[_Placed] = [(f"{at}.gateway", site.gateway)]
    six: list[_Placed] = [(f"{at}.gateway6", site.gateway6)]
    four += [(f"{at}.hosts.{host.name}", host.address) for host in site.hosts]
    six += [(f"{at}.hosts.{host.name}", host.address6) for host in site.hosts]
    yield from _inside("lan", site.lan, four)
    yield from _inside("lan6", site.lan6, six)
    if site.nat is None:
        return
    if site.lan is None:
        yield f"{at}.nat: the site has no IPv4 LAN, and IPv6 has no NAT here: remove it"
    names = {host.name for host in site.hosts}
    taken: set[tuple[str, int]] = set()
    for index, forward in enumerate(site.nat.forwards):
        here = f"{at}.nat.forwards[{index}]"
        if forward.host not in names:
            yield f"{here}.host: {forward.host} is not a host of this site, which has {', '.join(sorted(names))}"
        if (forward.protocol, forward.port) in taken:
            yield f"{here}.port: {forward.protocol} {forward.port} is forwarded already"
        taken.add((forward.protocol, forward.port))


def _inside(field: str, lan: IPv4Network | IPv6Network | None, placed: list[_Placed]) -> Iterator[str]:
    """Yield the mistakes in the addresses of one family."""
    for path, address in placed:
        if address is None:
            continue
        if lan is None:
            yield f"{path}: {address} needs a `{field}` of the site"
        elif address not in lan:
            yield f"{path}: {address} is outside the site's LAN {lan}"
        elif address in (lan.network_address, lan.broadcast_address):
            yield f"{path}: {address} is the LAN's network or broadcast address"


def _overlaps(topology: Topology) -> Iterator[str]:
    lans = [(site, "lan", site.lan) for site in topology.sites if site.lan]
    lans6 = [(site, "lan6", site.lan6) for site in topology.sites if site.lan6]
    both: list[tuple[Site, str, IPv4Network | IPv6Network]] = [*lans, *lans6]
    for (first, _, lan), (second, field, overlapping) in combinations(both, 2):
        if lan.overlaps(overlapping):
            yield f"sites.{second.name}.{field}: {overlapping} overlaps {lan} of {first.name}"
    for site, field, lan in both:
        if lan.is_global:
            yield f"sites.{site.name}.{field}: {lan} is public address space: use a documentation or private range"


def _addresses(topology: Topology) -> Iterator[str]:
    used: dict[_Address, str] = {}
    public: list[tuple[str, _Address]] = [("operator.address", topology.operator)]
    public += [("operator.address6", topology.operator6)] if topology.operator6 else []
    public += [(f"sites.{site.name}.nat.address", site.nat.address) for site in topology.sites if site.nat]
    for at, address in public:
        if address.is_global:
            yield f"{at}: {address} is a public address: use a documentation or private one"
        for site in topology.sites:
            if any(address in lan for lan in (site.lan, site.lan6) if lan):
                yield f"{at}: {address} lies in the LAN of {site.name}"
    gateways = [(site.name, gateway) for site in topology.sites for gateway in (site.gateway, site.gateway6)]
    inside = [(f"sites.{name}.gateway", gateway) for name, gateway in gateways if gateway]
    inside += [(f"sites.{h.site}.hosts.{h.name}", address) for h in topology.hosts for address in h.addresses]
    if any(site.lan is None for site in topology.sites) and topology.operator6 is None:
        yield "operator.address6: is missing, and there are sites without IPv4"
    for at, address in public + inside:
        if address in used:
            yield f"{at}: {address} is that of {used[address]} already"
        used.setdefault(address, at)


def _links(topology: Topology) -> Iterator[str]:
    places = {OPERATOR, *(site.name for site in topology.sites)}
    for between in topology.links:
        for unknown in sorted(between - places):
            yield f"wan.links: {unknown} is neither a site nor {OPERATOR}"
        if len(between) == 1:
            yield f"wan.links: between {next(iter(between))} and itself is not a path of the WAN"
