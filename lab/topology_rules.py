"""What must hold among the values of a topology, once each of them is well formed."""

from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import combinations

from lab.topology import OPERATOR, Site, Topology

_ROUTER_PREFIX = "router-"


def broken_rules(topology: Topology) -> list[str]:
    """Return every mistake, each with its path in the file; an empty list when there is none."""
    return [
        *_names(topology),
        *(problem for site in topology.sites for problem in _site(site)),
        *_overlaps(topology),
        *_addresses(topology),
        *_links(topology),
    ]


def _names(topology: Topology) -> Iterator[str]:
    if OPERATOR in {site.name for site in topology.sites}:
        yield f"sites.{OPERATOR}: is the operator's own name: choose another"
    seen: dict[str, str] = {}
    for host in topology.hosts:
        at = f"sites.{host.site}.hosts.{host.name}"
        if host.short == OPERATOR or host.short.startswith(_ROUTER_PREFIX):
            yield f"{at}: the first label {host.short} is taken by the lab itself: choose another"
        if host.short in seen:
            yield f"{at}: the first label {host.short} is that of {seen[host.short]} already: choose another"
        seen.setdefault(host.short, host.name)


def _site(site: Site) -> Iterator[str]:
    at = f"sites.{site.name}"
    inside = [(f"{at}.gateway", site.gateway), *((f"{at}.hosts.{host.name}", host.address) for host in site.hosts)]
    for path, address in inside:
        if address not in site.lan:
            yield f"{path}: {address} is outside the site's LAN {site.lan}"
        elif address in (site.lan.network_address, site.lan.broadcast_address):
            yield f"{path}: {address} is the LAN's network or broadcast address"
    if site.nat is None:
        return
    names = {host.name for host in site.hosts}
    taken: set[tuple[str, int]] = set()
    for index, forward in enumerate(site.nat.forwards):
        here = f"{at}.nat.forwards[{index}]"
        if forward.host not in names:
            yield f"{here}.host: {forward.host} is no host of this site: {', '.join(sorted(names))} are"
        if (forward.protocol, forward.port) in taken:
            yield f"{here}.port: {forward.protocol} {forward.port} is forwarded already"
        taken.add((forward.protocol, forward.port))


def _overlaps(topology: Topology) -> Iterator[str]:
    for one, other in combinations(topology.sites, 2):
        if one.lan.overlaps(other.lan):
            yield f"sites.{other.name}.lan: {other.lan} overlaps {one.lan} of {one.name}"
    for site in topology.sites:
        if site.lan.is_global:
            yield f"sites.{site.name}.lan: {site.lan} belongs to somebody: use a documentation or private range"


def _addresses(topology: Topology) -> Iterator[str]:
    used: dict[IPv4Address, str] = {}
    public = [("operator.address", topology.operator)]
    public += [(f"sites.{site.name}.nat.address", site.nat.address) for site in topology.sites if site.nat]
    for at, address in public:
        if address.is_global:
            yield f"{at}: {address} belongs to somebody: use a documentation or private address"
        for site in topology.sites:
            if address in site.lan:
                yield f"{at}: {address} lies in the LAN of {site.name}"
    inside = [(f"sites.{site.name}.gateway", site.gateway) for site in topology.sites]
    inside += [(f"sites.{host.site}.hosts.{host.name}", host.address) for host in topology.hosts]
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
            yield f"wan.links: between {next(iter(between))} and itself is no path of the WAN"
