"""Paths between nodes, over tunnels and through gateways.

WireGuard sends a packet to the peer whose AllowedIPs have its destination, and drops one that comes from a peer whose
AllowedIPs do not have its source. So every hop of a path must be a hop of the way back too, and all packets of a node
to one destination take one peer. Unique shortest paths on the undirected graph of tunnels are so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from components.model.mesh.reachability import IMPOSSIBLE, RELAY, Reachability, reachability_of
from components.model.mesh.shortest_paths import Hops, graph_of, next_hops, without
from components.model.spec import Spec


@dataclass(frozen=True)
class Routes:
    """How every node reaches every other one."""

    reachability: Reachability
    tunnels: Mapping[str, Mapping[str, str]]
    """Node to node, both ways: LAN or DIRECT."""
    next_hops: Hops
    """Destination to node to the node's next hop; a node that cannot reach the destination is not there."""
    sites: Mapping[str, str]
    """Node to its site."""
    gateways: tuple[str, ...]
    """Nodes that may carry packets between others, the preferred ones of each site first."""
    carriers: frozenset[str]
    """The gateways that some path goes through when all of them are up."""
    alternatives: Mapping[str, Hops]
    """The next hops that are others when a gateway is down, for each one that some path goes through: gateway to
    destination to node to its next hop then. A pair of nodes that no other gateway connects is not there: its packets
    are sent as ever, and arrive when the gateway is back."""
    relays: frozenset[str]
    """The gateways that some path goes through, when all are up or when one is down."""
    watched: Mapping[str, tuple[str, ...]]
    """The gateways whose state matters to a node: those that it goes around then, and those that it goes to."""

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """Return all nodes from `start` to `end`, both with it; KeyError when there is no path."""
        return _path(self.next_hops, start, end)

    def kind(self, one: str, other: str) -> str:
        """Return how two nodes reach each other: LAN, DIRECT, RELAY or IMPOSSIBLE."""
        return self.tunnels[one].get(other) or (RELAY if one in self.next_hops[other] else IMPOSSIBLE)

    def detour(self, gone: str, start: str, end: str) -> tuple[str, ...] | None:
        """Return the path, as `path` does, that is taken when a gateway is down; None: there is none without it."""
        now, then = self.next_hops[end], self.alternatives.get(gone, {}).get(end, {})
        found = [start]
        while found[-1] != end:
            found.append(then.get(found[-1], now[found[-1]]))
            if found[-1] == gone != end:
                return None
        return tuple(found)


def _inner(hops: Hops) -> frozenset[str]:
    return frozenset(hop for end, towards in hops.items() for hop in towards.values() if hop != end)


def route(spec: Spec) -> Routes:
    """Return the routes of a specification; nodes must have different names."""
    reachability = reachability_of(spec)
    tunnels: dict[str, dict[str, str]] = {node.name: {} for node in spec.nodes}
    for one, other in combinations(spec.nodes, 2):
        kind = reachability.tunnel(one, other)
        if kind:
            tunnels[one.name][other.name] = tunnels[other.name][one.name] = kind
    sites = {node.name: node.site for node in spec.nodes}
    gateways = tuple(node.name for node in spec.gateways)
    graph = graph_of(tunnels, sites, gateways)
    hops = next_hops(graph)
    carriers = _inner(hops)
    alternatives = {gone: without(graph, gone) for gone in gateways if gone in carriers}
    relays = carriers.union(*map(_inner, alternatives.values()))
    watched = _watched(hops, alternatives, gateways)
    return Routes(reachability, tunnels, hops, sites, gateways, carriers, alternatives, relays, watched)


def _watched(hops: Hops, alternatives: Mapping[str, Hops], gateways: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return Routes.watched."""
    rank = {name: index for index, name in enumerate(gateways)}
    watched: dict[str, set[str]] = defaultdict(set)
    for gone, then in alternatives.items():
        steps = {(name, hop) for towards in then.values() for name, hop in towards.items()}
        for name, hop in steps:
            watched[name] |= {gone, hop, *_path(hops, name, gone)[1:-1], *_path(hops, name, hop)[1:-1]}
    return {name: tuple(sorted(rank.keys() & names, key=rank.__getitem__)) for name, names in watched.items()}


def _path(hops: Hops, start: str, end: str) -> tuple[str, ...]:
    """Return all nodes from `start` to `end`, both with it; KeyError when there is no path."""
    towards = hops[end]
    passed = [start]
    while passed[-1] != end:
        passed.append(towards[passed[-1]])
    return tuple(passed)
