"""What a node does when a gateway is down: whom it asks, and which addresses go to another peer then.

Each node decides by itself, with what it has seen of the gateway, so both ends of a path must come to see the same. A
gateway that is cut off on one side only therefore says so to the others: it asks some of those who use it, of its own
site and of others, and takes itself out of service when one of the two groups is silent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

from components.model.mesh.client_gateways import client_ranges
from components.model.mesh.routing import Routes
from components.model.spec import Node, Spec

MOST_ASKED = 5
"""Nodes of each group that a gateway asks: that all of them are down but it is not cut off is unlikely."""


@dataclass(frozen=True)
class Asked:
    """A gateway that a node asks whether it is in service."""

    node: Node
    through: tuple[Node, ...]
    """The relays on the way to it: when one of them is silent, that says nothing of the gateway."""


@dataclass(frozen=True)
class Instead:
    """Nodes that are reached through another peer while a gateway is down."""

    gone: Node
    peer: Node
    nodes: tuple[Node, ...]
    ranges: tuple[IPv4Network, ...] = ()
    """Those of roaming clients that come in by one of these nodes."""


@dataclass(frozen=True)
class Watch:
    """What one node watches and does; without anything for the most."""

    asked: tuple[Asked, ...] = ()
    instead: tuple[Instead, ...] = ()
    inside: tuple[Node, ...] = ()
    """For a gateway: nodes of its site that use it, by a tunnel with it. Some of them, at most MOST_ASKED."""
    outside: tuple[Node, ...] = ()
    """The same of other sites, as many sites as can be."""


def watch_of(spec: Spec, routes: Routes, node: Node) -> Watch:
    """Return what a node watches."""
    users = [
        other
        for other in spec.nodes
        if other.name in routes.tunnels[node.name] and node.name in routes.watched.get(other.name, ())
    ]
    return Watch(
        asked=tuple(_asked(spec, routes, node, name) for name in routes.watched.get(node.name, ())),
        instead=tuple(_instead(spec, routes, node)),
        inside=_some(user for user in users if user.site == node.site),
        outside=_some(user for user in users if user.site != node.site),
    )


def _instead(spec: Spec, routes: Routes, node: Node) -> list[Instead]:
    found = []
    guests = client_ranges(spec)
    for gone, hops in routes.alternatives.items():
        moved: dict[str, list[Node]] = defaultdict(list)
        for other in spec.nodes:
            peer = hops.get(other.name, {}).get(node.name)
            if peer:
                moved[peer].append(other)
        for peer in sorted(moved):
            ranges = tuple(network for network, door in guests if door in moved[peer])
            found.append(Instead(spec.node(gone), spec.node(peer), tuple(moved[peer]), ranges))
    return found


def _asked(spec: Spec, routes: Routes, node: Node, gateway: str) -> Asked:
    return Asked(spec.node(gateway), tuple(map(spec.node, routes.path(node.name, gateway)[1:-1])))


def _some(users: Iterable[Node]) -> tuple[Node, ...]:
    """Return MOST_ASKED nodes, one of each site first."""
    by_site: dict[str, list[Node]] = defaultdict(list)
    for user in users:
        by_site[user.site].append(user)
    ranked = sorted(
        ((rank, user) for found in by_site.values() for rank, user in enumerate(found)), key=lambda it: it[0]
    )
    return tuple(user for _, user in ranked[:MOST_ASKED])


@dataclass(frozen=True)
class GatewayDown:
    """What becomes of the pairs of nodes that go through a gateway when it is down."""

    gateway: str
    detours: Mapping[tuple[str, ...], int]
    """The gateways on the other way, to the number of pairs that take it."""
    lost: tuple[tuple[str, str], ...]
    """The pairs that wait until it is back."""


def gateways_down(spec: Spec, routes: Routes) -> tuple[GatewayDown, ...]:
    """Return what happens for each gateway that carries packets when all are up, in the order of Routes.gateways."""
    detours: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    lost: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one, other in combinations([node.name for node in spec.nodes], 2):
        if other in routes.tunnels[one] or one not in routes.next_hops[other]:
            continue
        for gone in routes.path(one, other)[1:-1]:
            detour = routes.detour(gone, one, other)
            if detour is None:
                lost[gone].append((one, other))
            else:
                detours[gone][detour[1:-1]] += 1
    return tuple(
        GatewayDown(gone, dict(detours[gone]), tuple(lost[gone])) for gone in routes.gateways if gone in routes.carriers
    )
