"""Failover: which gateways a node probes, and which addresses it moves to another peer while a gateway is down.

Each node decides by itself, from its own probes, so both ends of a path must reach the same verdict. A gateway that is
cut off on one side only must therefore withdraw: it probes some of its users, at its own site and at other sites, and
takes itself out of service when one of the two groups does not answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from components.model.mesh.client_gateways import client_ranges
from components.model.mesh.routing import Routes
from components.model.spec import Node, Spec

MAX_PROBED_USERS = 5
"""Users of each group that a gateway probes. If all of them are silent, the gateway is most likely cut off itself."""


@dataclass(frozen=True)
class ProbedGateway:
    """A gateway that a node probes to learn whether it is in service."""

    node: Node
    through: tuple[Node, ...]
    """Relays on the path to the gateway. While one of them is silent, silence of the gateway proves nothing."""


@dataclass(frozen=True)
class Detour:
    """Nodes that are reached through another peer while a gateway is down."""

    gone: Node
    peer: Node
    nodes: tuple[Node, ...]
    ranges: tuple[IPv4Network, ...] = ()
    """Ranges of the roaming clients that enter by one of these nodes."""


@dataclass(frozen=True)
class Watch:
    """What one node probes, and how it reroutes. Most nodes have an empty one."""

    probed: tuple[ProbedGateway, ...] = ()
    detours: tuple[Detour, ...] = ()
    inside: tuple[Node, ...] = ()
    """Users of a gateway: nodes of its own site that use it and have a tunnel with it, at most MAX_PROBED_USERS."""
    outside: tuple[Node, ...] = ()
    """Users of a gateway at other sites, spread over as many sites as possible."""


def watch_of(spec: Spec, routes: Routes, node: Node) -> Watch:
    """Return what a node probes, and its detours."""
    users = [
        user
        for user in spec.nodes
        if user.name in routes.tunnels[node.name] and node.name in routes.watched.get(user.name, ())
    ]
    return Watch(
        probed=tuple(_probed(spec, routes, node, name) for name in routes.watched.get(node.name, ())),
        detours=tuple(_detours(spec, routes, node)),
        inside=_spread(user for user in users if user.site == node.site),
        outside=_spread(user for user in users if user.site != node.site),
    )


def _detours(spec: Spec, routes: Routes, node: Node) -> list[Detour]:
    detours = []
    clients = client_ranges(spec)
    for gone, hops in routes.alternatives.items():
        moved: dict[str, list[Node]] = defaultdict(list)
        for destination in spec.nodes:
            peer = hops.get(destination.name, {}).get(node.name)
            if peer:
                moved[peer].append(destination)
        for peer in sorted(moved):
            ranges = tuple(network for network, gateway in clients if gateway in moved[peer])
            detours.append(Detour(spec.node(gone), spec.node(peer), tuple(moved[peer]), ranges))
    return detours


def _probed(spec: Spec, routes: Routes, node: Node, gateway: str) -> ProbedGateway:
    return ProbedGateway(spec.node(gateway), tuple(map(spec.node, routes.path(node.name, gateway)[1:-1])))


def _spread(users: Iterable[Node]) -> tuple[Node, ...]:
    """Return at most MAX_PROBED_USERS nodes: one of each site first, then a second one of each."""
    by_site: dict[str, list[Node]] = defaultdict(list)
    for user in users:
        by_site[user.site].append(user)
    ranked = sorted(
        ((rank, user) for group in by_site.values() for rank, user in enumerate(group)), key=lambda pair: pair[0]
    )
    return tuple(user for _, user in ranked[:MAX_PROBED_USERS])


@dataclass(frozen=True)
class GatewayDown:
    """What happens to the pairs of nodes whose path goes through a gateway when that gateway is down."""

    gateway: str
    detours: Mapping[tuple[str, ...], int]
    """Number of pairs by the gateways of their other path."""
    lost: tuple[tuple[str, str], ...]
    """Pairs that have no other path: they are cut off until the gateway is back."""


def gateways_down(spec: Spec, routes: Routes) -> tuple[GatewayDown, ...]:
    """Return what the loss of each carrying gateway means, in the order of Routes.gateways."""
    detours: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    lost: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for first, second in combinations([node.name for node in spec.nodes], 2):
        if second in routes.tunnels[first] or first not in routes.next_hops[second]:
            continue
        for gone in routes.path(first, second)[1:-1]:
            detour = routes.detour(gone, first, second)
            if detour is None:
                lost[gone].append((first, second))
            else:
                detours[gone][detour[1:-1]] += 1
    return tuple(
        GatewayDown(gone, dict(detours[gone]), tuple(lost[gone])) for gone in routes.gateways if gone in routes.carriers
    )
