"""Routing: the paths between nodes, over tunnels and through gateways.

WireGuard sends a packet to the peer whose AllowedIPs contain its destination, and drops a packet from a peer whose
AllowedIPs do not contain its source. Paths must therefore be symmetric hop by hop, and a node sends all packets for one
destination to one peer. Unique shortest paths on the undirected graph of tunnels have both properties.
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
    """The paths from every node to every other one. Nodes and sites are named, not referred to."""

    reachability: Reachability
    tunnels: Mapping[str, Mapping[str, str]]
    """Kinds of tunnels: tunnels[a][b] == tunnels[b][a] is LAN or DIRECT."""
    next_hops: Hops
    """Next hops while all gateways are up; a node that cannot reach a destination has no entry for it."""
    sites: Mapping[str, str]
    """Site of each node."""
    gateways: tuple[str, ...]
    """Nodes that may relay packets between other nodes, the preferred ones of each site first."""
    carriers: frozenset[str]
    """Gateways that relay for some pair of nodes while all gateways are up."""
    alternatives: Mapping[str, Hops]
    """For each carrier, the next hops that differ while it is down: alternatives[gateway][destination][node]. A pair of
    nodes without another path has no entry: its next hops stay, and its packets arrive once the gateway is back."""
    relays: frozenset[str]
    """Gateways that relay for some pair of nodes, while all gateways are up or while one is down."""
    watched: Mapping[str, tuple[str, ...]]
    """Gateways whose state a node must know: those it routes around, those it then routes to, and relays to both."""

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """Return the names of all nodes on a path, both ends included; KeyError when there is no path."""
        return _path(self.next_hops, start, end)

    def kind(self, first: str, second: str) -> str:
        """Return how two nodes reach each other: LAN, DIRECT, RELAY or IMPOSSIBLE."""
        return self.tunnels[first].get(second) or (RELAY if first in self.next_hops[second] else IMPOSSIBLE)

    def detour(self, gone: str, start: str, end: str) -> tuple[str, ...] | None:
        """Return the path while a gateway is down, in the form of `path`; None: every path needs this gateway."""
        now, then = self.next_hops[end], self.alternatives.get(gone, {}).get(end, {})
        passed = [start]
        while passed[-1] != end:
            passed.append(then.get(passed[-1], now[passed[-1]]))
            if passed[-1] == gone != end:
                return None
        return tuple(passed)


def _relays(hops: Hops) -> frozenset[str]:
    return frozenset(hop for end, towards in hops.items() for hop in towards.values() if hop != end)


def route(spec: Spec) -> Routes:
    """Return the routes of a specification, whose nodes must have different names."""
    reachability = reachability_of(spec)
    tunnels: dict[str, dict[str, str]] = {node.name: {} for node in spec.nodes}
    for first, second in combinations(spec.nodes, 2):
        kind = reachability.tunnel(first, second)
        if kind:
            tunnels[first.name][second.name] = tunnels[second.name][first.name] = kind
    sites = {node.name: node.site for node in spec.nodes}
    gateways = tuple(node.name for node in spec.gateways)
    graph = graph_of(tunnels, sites, gateways)
    hops = next_hops(graph)
    carriers = _relays(hops)
    alternatives = {gone: without(graph, gone) for gone in gateways if gone in carriers}
    relays = carriers.union(*map(_relays, alternatives.values()))
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
    """Return the names of all nodes on a path, both ends included; KeyError when there is no path."""
    towards = hops[end]
    passed = [start]
    while passed[-1] != end:
        passed.append(towards[passed[-1]])
    return tuple(passed)
