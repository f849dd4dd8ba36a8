"""Unique shortest paths over tunnels and through relays, computed for groups of nodes.

Nodes of one site that have tunnels with the same relays use the same paths to all nodes with which they have no tunnel.
Paths are therefore computed between groups of such nodes; a relay is a group of its own.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

Group = tuple[str, frozenset[str], str]
"""Site, relays with which the nodes have tunnels, and the name of the relay if the group is one, else empty."""
Hops = Mapping[str, Mapping[str, str]]
"""Next hops: hops[destination][node] is the node's next hop on its path to the destination."""


@dataclass(frozen=True)
class Graph:
    """Nodes, their tunnels, and the relays among them.

    Paths with the fewest changes of site win, then those with the fewest hops, then those with the earliest relays. The
    cost of a path is one number: changes of site, hops, and a bit for each relay. No two paths with the fewest changes
    and hops go through the same relays (their order follows from the distance), so no two costs are equal: the
    shortest path is unique, its parts are the shortest paths between their ends, and it is the same in both directions.
    """

    links: Mapping[str, Collection[str]]
    """Neighbours of each node, in both directions."""
    sites: Mapping[str, str]
    """Site of each node."""
    bits: Mapping[str, int]
    """Cost of each relay on a path."""
    hop: int
    """Cost of a hop."""
    change: int
    """Cost of a change of site."""
    groups: Mapping[str, Group]
    """Group of each node."""
    members: Mapping[Group, tuple[str, ...]]
    """Nodes of each group."""
    inside: Mapping[Group, tuple[str, ...]]
    """Relays at a group's own site with which its nodes have tunnels."""
    through: Mapping[Group, Mapping[Group, str]]
    """Result of `towards` for each group while all relays are up."""

    def weight(self, relay: str, group: Group) -> int:
        """Return the cost of the tunnel between a relay and the nodes of a group."""
        return self.hop + (self.change if self.sites[relay] != group[0] else 0)


def graph_of(links: Mapping[str, Collection[str]], sites: Mapping[str, str], relays: Sequence[str]) -> Graph:
    """Return the graph. `links` are the neighbours of each node, in both directions; earlier relays are preferred."""
    among, hop = frozenset(relays), 1 << len(relays)
    members: dict[Group, list[str]] = defaultdict(list)
    for name, row in links.items():
        members[sites[name], among.intersection(row), name if name in among else ""].append(name)
    alone = Graph(
        links,
        sites,
        {name: 1 << index for index, name in enumerate(relays)},
        hop,
        hop * (len(relays) + 2),  # a path has at most one hop more than it has relays
        {name: group for group, names in members.items() for name in names},
        {group: tuple(names) for group, names in members.items()},
        {group: tuple(relay for relay in group[1] if sites[relay] == group[0]) for group in members},
        {},
    )
    return replace(alone, through={group: towards(alone, group) for group in members})


def next_hops(graph: Graph) -> dict[str, dict[str, str]]:
    """Return for each destination the next hop of every node that reaches it."""
    hops = {}
    for end, neighbours in graph.links.items():
        towards = dict.fromkeys(neighbours, end)
        for group, relay in graph.through[graph.groups[end]].items():
            for name in graph.members[group]:
                if name not in towards and name != end:
                    towards[name] = relay
        hops[end] = towards
    return hops


def without(graph: Graph, gone: str) -> dict[str, dict[str, str]]:
    """Return the next hops that differ when the relay `gone` forwards nothing, by destination and node.

    The relay stays a destination. Paths that avoid it do not change: the shortest of all is the shortest of fewer.
    """
    differing: dict[str, dict[str, str]] = {}
    for group, usual in graph.through.items():
        if gone not in usual.values():
            continue
        now = towards(graph, group, gone)
        moved = [
            (name, relay) for source, relay in now.items() if usual[source] != relay for name in graph.members[source]
        ]
        for end in graph.members[group]:
            neighbours = graph.links[end]
            hops = {name: relay for name, relay in moved if name not in neighbours and name != end}
            if hops and end != gone:
                differing[end] = hops
    return differing


def towards(graph: Graph, end: Group, gone: str = "") -> dict[Group, str]:
    """Return the next hop, a relay, of each group towards the nodes of the group `end`, where there is no tunnel.

    `gone` is a relay that forwards nothing. A group that does not reach `end` has no entry.
    """
    totals = _relay_costs(graph, end, gone)
    order = sorted(totals, key=totals.__getitem__)
    hops = {}
    for group in graph.members:
        near = next((relay for relay in order if relay in group[1]), None)
        if near is None:
            continue
        if graph.sites[near] != group[0]:
            inside = [relay for relay in graph.inside[group] if relay in totals]
            near = min((near, *inside), key=lambda relay: totals[relay] + graph.weight(relay, group))
        hops[group] = near
    return hops


def _relay_costs(graph: Graph, end: Group, gone: str) -> dict[str, int]:
    """Return the cost of the path from each relay that reaches `end`, the relay itself included: Dijkstra's tree."""
    costs = {relay: graph.weight(relay, end) for relay in end[1] if relay != gone}
    remaining = graph.bits.keys() - costs.keys() - {end[2], gone}  # a tunnel is always the shortest path
    queue = [(cost + graph.bits[relay], relay) for relay, cost in costs.items()]
    heapify(queue)
    while queue and remaining:
        total, relay = heappop(queue)
        if total != costs[relay] + graph.bits[relay]:
            continue  # an outdated entry: the queue had a shorter path to this relay
        for name in remaining & graph.groups[relay][1]:
            cost = total + graph.weight(relay, graph.groups[name])
            if name not in costs or cost < costs[name]:
                costs[name] = cost
                heappush(queue, (cost + graph.bits[name], name))
    return {relay: cost + graph.bits[relay] for relay, cost in costs.items()}
