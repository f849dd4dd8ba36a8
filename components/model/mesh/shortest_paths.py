"""Unique shortest paths over tunnels and through relays, worked out for groups of nodes that are alike.

Nodes of one site with tunnels to the same relays go the same way to everybody with whom they have no tunnel. So paths
are worked out between groups; a relay is a group of its own.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

Group = tuple[str, frozenset[str], str]
"""Site, the relays that its nodes have tunnels with, and the name of the relay that it is; empty: it is none."""
Hops = Mapping[str, Mapping[str, str]]
"""Destination to node to the node's next hop."""


@dataclass(frozen=True)
class Graph:
    """Nodes, their tunnels, and the relays among them.

    The fewest changes of site win, then the fewest hops, then the earliest relays. A path's cost is one number: changes
    of site, hops, and a bit for each relay that it goes through. Of the paths with the fewest changes and hops no two
    go through the same relays (their order follows from the distance), so no two costs are equal: the shortest path
    is unique, its parts are the shortest paths between their ends, and the way back is the same way.
    """

    links: Mapping[str, Collection[str]]
    """The neighbours of each node, both ways."""
    sites: Mapping[str, str]
    bits: Mapping[str, int]
    """The cost of going through each relay."""
    hop: int
    change: int
    groups: Mapping[str, Group]
    """The group of each node."""
    members: Mapping[Group, tuple[str, ...]]
    inside: Mapping[Group, tuple[str, ...]]
    """The relays of a group's own site that its nodes have tunnels with."""
    through: Mapping[Group, Mapping[Group, str]]
    """What `towards` returns for each group when all relays are up."""

    def weight(self, relay: str, group: Group) -> int:
        """Return the cost of the tunnel between a relay and the nodes of a group."""
        return self.hop + (self.change if self.sites[relay] != group[0] else 0)


def graph_of(links: Mapping[str, Collection[str]], sites: Mapping[str, str], relays: Sequence[str]) -> Graph:
    """Return the graph. `links` are the neighbours of each node, both ways; earlier relays are preferred."""
    among, hop = frozenset(relays), 1 << len(relays)
    members: dict[Group, list[str]] = defaultdict(list)
    for name, row in links.items():
        members[sites[name], among.intersection(row), name if name in among else ""].append(name)
    alone = Graph(
        links,
        sites,
        {name: 1 << index for index, name in enumerate(relays)},
        hop,
        hop * (len(relays) + 2),  # no path has more hops than relays and one
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
    """Return the next hops that are others when one relay carries nothing, by destination and node.

    It stays a destination. All other paths are the same: whichever was the shortest is so among fewer.
    """
    differing: dict[str, dict[str, str]] = {}
    for group, usual in graph.through.items():
        if gone not in usual.values():
            continue
        now = towards(graph, group, gone)
        moved = [
            (name, relay) for other, relay in now.items() if usual[other] != relay for name in graph.members[other]
        ]
        for end in graph.members[group]:
            neighbours = graph.links[end]
            hops = {name: relay for name, relay in moved if name not in neighbours and name != end}
            if hops and end != gone:
                differing[end] = hops
    return differing


def towards(graph: Graph, end: Group, gone: str = "") -> dict[Group, str]:
    """Return the relay that is the next hop of each group towards a node of the group `end` without a tunnel to it.

    `gone` is a relay that carries nothing. A group that does not reach `end` is not there.
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
    others = graph.bits.keys() - costs.keys() - {end[2], gone}  # a tunnel is always the shortest path
    waiting = [(cost + graph.bits[relay], relay) for relay, cost in costs.items()]
    heapify(waiting)
    while waiting and others:
        total, relay = heappop(waiting)
        if total != costs[relay] + graph.bits[relay]:
            continue  # a shorter way is known meanwhile
        for name in others & graph.groups[relay][1]:
            cost = total + graph.weight(relay, graph.groups[name])
            if name not in costs or cost < costs[name]:
                costs[name] = cost
                heappush(waiting, (cost + graph.bits[name], name))
    return {relay: cost + graph.bits[relay] for relay, cost in costs.items()}
