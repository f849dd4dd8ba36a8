"""Requests to the sites' network groups: ports to open, their callers, and the hosts behind them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from components.model.firewall.callers import Callers, of_service, of_tunnels
from components.model.mesh.client_gateways import clients_by
from components.model.plan import Plan
from components.model.services.entries import Entry
from components.model.spec import Endpoint, Node, Site
from components.model.spec.families import family_of
from components.model.spec.service import UDP


@dataclass(frozen=True)
class Opening:
    """A port that must be open for packets from outside the site."""

    protocol: str
    """tcp or udp."""
    port: int
    host: str
    """Address or name that callers dial."""
    callers: Callers
    node: str
    """Name of the node behind the port."""
    inner_port: int | None
    """Port of the node to which a router forwards; None: the address is the node's own."""
    lan_address: IPv4Address | IPv6Address | None
    """LAN address of the node, to which the router forwards; None: not declared, or of the other family."""


@dataclass(frozen=True)
class Request:
    """Request to the network group of one site."""

    site: Site
    inwards: tuple[Opening, ...]
    outwards: Mapping[str, tuple[Endpoint, ...]]
    """Endpoints that the site's hosts dial for wg0, by the name of the other site."""


def requests_of(plan: Plan, services: Mapping[str, tuple[Opening, ...]]) -> dict[str, Request]:
    """Return the requests by the name of the site. `services` are the openings of each service, by its name."""
    of_services: dict[str, list[Opening]] = defaultdict(list)
    for openings in services.values():
        for opening in openings:
            of_services[plan.routes.sites[opening.node]].append(opening)
    return {site.name: _request(plan, site, of_services[site.name]) for site in plan.spec.sites}


def service_openings(plan: Plan, entries: Iterable[Entry]) -> tuple[Opening, ...]:
    """Return the openings that entries of services need."""
    return tuple(opening for entry in entries for opening in _of_entry(plan, entry))


def _of_entry(plan: Plan, entry: Entry) -> Iterator[Opening]:
    service, node = entry.service, plan.spec.node(entry.node)
    for host in entry.addresses:
        own = host in plan.public.public.get(entry.node, ())
        yield Opening(
            service.protocol,
            service.port,
            host,
            of_service(service, host),
            node.name,
            None if own else service.port,
            None if own else _lan_address(node, host),
        )


def _request(plan: Plan, site: Site, services: list[Opening]) -> Request:
    tunnels = {node.name: _tunnels_outside(plan, node) for node in site.nodes}
    inwards = [opening for node in site.nodes for opening in _of_wireguard(plan, node, tunnels[node.name])]
    return Request(site, (*inwards, *services), _outwards(plan, site, tunnels))


def _of_wireguard(plan: Plan, node: Node, peers: list[Node]) -> Iterator[Opening]:
    """Yield an opening for each endpoint of a node that peers at other sites, or roaming clients, dial."""
    spec, roaming = plan.spec, bool(clients_by(plan.spec, node))
    endpoint_of = plan.routes.reachability.endpoint
    for endpoint in node.endpoints:
        callers = [peer for peer in peers if endpoint_of(peer, node) == endpoint]
        if callers or roaming:
            lan = _lan_address(node, endpoint.host)
            yield Opening(
                UDP,
                endpoint.port,
                endpoint.host,
                of_tunnels(spec, callers, endpoint, roaming=roaming),
                node.name,
                spec.mesh.listen_port if lan or endpoint.port != spec.mesh.listen_port else None,
                lan,
            )


def _lan_address(node: Node, host: str) -> IPv4Address | IPv6Address | None:
    """Return the LAN address to which a router forwards packets for `host`; None: there is none of its family."""
    lan = node.lan_address
    return lan if lan and family_of(host) in (None, family_of(str(lan))) else None


def _tunnels_outside(plan: Plan, node: Node) -> list[Node]:
    """Return a node's peers at other sites, in the order of the specification."""
    tunnels = plan.routes.tunnels[node.name]
    return [peer for peer in plan.spec.nodes if peer.name in tunnels and peer.site != node.site]


def _outwards(plan: Plan, site: Site, tunnels: Mapping[str, list[Node]]) -> dict[str, tuple[Endpoint, ...]]:
    called: dict[str, dict[Endpoint, None]] = defaultdict(dict)
    for node in site.nodes:
        for peer in tunnels[node.name]:
            endpoint = plan.routes.reachability.endpoint(node, peer)
            if endpoint:
                called[peer.site][endpoint] = None
    return {name: tuple(called[name]) for name in sorted(called)}
