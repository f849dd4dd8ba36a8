"""Paths between nodes, over tunnels and through gateways.

WireGuard sends a packet to the peer whose AllowedIPs have its destination, and drops one that comes from a peer whose
AllowedIPs do not have its source. So every hop of a path must be a hop of the way back too, and all packets of a node
to one destination take one peer. Unique shortest paths on the undirected graph of tunnels are so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import combinations

from components.model.reachability import IMPOSSIBLE, RELAY, Reachability, reachability_of
from components.model.spec import Spec


@dataclass(frozen=True)
class Routes:
    """How every node reaches every other one."""

    reachability: Reachability
    tunnels: Mapping[str, Mapping[str, str]]
    """Node to node, both ways: LAN or DIRECT."""
    next_hops: Mapping[str, Mapping[str, str]]
    """Destination to node to the node's next hop; a node that cannot reach the destination is not there."""

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """Return all nodes from `start` to `end`, both with it; KeyError when there is no path."""
        towards = self.next_hops[end]
        found = [start]
        while found[-1] != end:
            found.append(towards[found[-1]])
        return tuple(found)

    def kind(self, one: str, other: str) -> str:
        """Return how two nodes reach each other: LAN, DIRECT, RELAY or IMPOSSIBLE."""
        return self.tunnels[one].get(other) or (RELAY if one in self.next_hops[other] else IMPOSSIBLE)

    @cached_property
    def relays(self) -> frozenset[str]:
        """The gateways that some path goes through."""
        return frozenset(hop for end, towards in self.next_hops.items() for hop in towards.values() if hop != end)


def route(spec: Spec) -> Routes:
    """Return the routes of a specification; nodes must have different names."""
    reachability = reachability_of(spec)
    tunnels: dict[str, dict[str, str]] = {node.name: {} for node in spec.nodes}
    for one, other in combinations(spec.nodes, 2):
        kind = reachability.tunnel(one, other)
        if kind:
            tunnels[one.name][other.name] = tunnels[other.name][one.name] = kind
    sites = {node.name: node.site for node in spec.nodes}
    return Routes(reachability, tunnels, next_hops(tunnels, sites, [node.name for node in spec.gateways]))


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
    hop = 1 << len(bits)
    change = hop * (len(bits) + 2)  # no path has more hops than relays and one
    weights = {one: {other: hop + change * (sites[one] != sites[other]) for other in row} for one, row in links.items()}
    return {end: _towards(end, weights, bits) for end in links}


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
