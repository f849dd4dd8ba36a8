"""Paths between nodes, over tunnels and through gateways.

WireGuard sends a packet to the peer whose AllowedIPs have its destination, and drops one that comes from a peer whose
AllowedIPs do not have its source. So every hop of a path must be a hop of the way back too, and all packets of a node
to one destination take one peer. Unique shortest paths on the undirected graph of tunnels are so.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import combinations

from components.model.mesh.reachability import IMPOSSIBLE, RELAY, Reachability, reachability_of
from components.model.spec import Spec

Hops = Mapping[str, Mapping[str, str]]
"""Destination to node to the node's next hop."""


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
    hops = next_hops(tunnels, sites, gateways)
    carriers = _inner(hops)
    links = {one: set(row) for one, row in tunnels.items()}
    alternatives = {gone: without(gone, hops, links, sites, gateways) for gone in gateways if gone in carriers}
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


def next_hops(
    links: Mapping[str, Collection[str]], sites: Mapping[str, str], relays: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return for each destination the next hop of every node that reaches it, over links and through `relays` only.

    `links` are the neighbours of each node, both ways; `sites` the nodes' sites.

    The fewest changes of site win, then the fewest hops, then the earliest relays. A path's cost is one number: changes
    of site, hops, and a bit for each relay that it goes through. Of the paths with the fewest changes and hops no two
    go through the same relays (their order follows from the distance), so no two costs are equal: the shortest path
    is unique, its parts are the shortest paths between their ends, and the way back is the same way.
    """
    bits = {name: 1 << index for index, name in enumerate(relays)}
    weights = _weights(links, sites, len(bits))
    return {end: _towards(end, weights, bits) for end in links}


def without(
    gone: str,
    hops: Hops,
    links: Mapping[str, Collection[str]],
    sites: Mapping[str, str],
    relays: Sequence[str],
) -> dict[str, dict[str, str]]:
    """Return where next hops differ from `hops`, those with all relays, when one of them carries nothing.

    It stays a destination. All other paths are the same: whichever was the shortest is so among fewer.
    """
    bits = {name: 1 << index for index, name in enumerate(relays) if name != gone}
    weights = _weights(links, sites, len(relays))
    found = {}
    for end, towards in hops.items():
        if end != gone and gone in towards.values():
            then = _towards(end, weights, bits)
            found[end] = {name: hop for name, hop in then.items() if hop != towards[name]}
    return {end: differing for end, differing in found.items() if differing}


def _weights(links: Mapping[str, Collection[str]], sites: Mapping[str, str], relays: int) -> dict[str, dict[str, int]]:
    hop = 1 << relays
    change = hop * (relays + 2)  # no path has more hops than relays and one
    return {one: {other: hop + change * (sites[one] != sites[other]) for other in row} for one, row in links.items()}


def _towards(end: str, weights: Mapping[str, Mapping[str, int]], bits: Mapping[str, int]) -> dict[str, str]:
    """Return the next hop of every node that reaches `end`: Dijkstra's tree from there, with relays inside only."""
    costs = dict(weights[end])
    hops = dict.fromkeys(costs, end)
    others = weights.keys() - costs.keys() - {end}  # a tunnel is always the shortest path
    waiting = [(costs[name] + bits[name], name) for name in bits if name in costs]
    heapify(waiting)
    while waiting and others:
        total, relay = heappop(waiting)
        if total != costs[relay] + bits[relay]:
            continue  # a shorter way was found meanwhile
        row = weights[relay]
        for name in others & row.keys():
            cost = total + row[name]
            if name not in costs or cost < costs[name]:
                costs[name], hops[name] = cost, relay
                if name in bits:
                    heappush(waiting, (cost + bits[name], name))
    return hops
