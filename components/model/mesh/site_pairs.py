"""Pairs of sites: how their nodes reach each other, counted once for all tables and diagrams."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from components.model.mesh.reachability import RELAY
from components.model.mesh.routing import Routes
from components.model.spec import Spec

Pair = tuple[str, str]


@dataclass(frozen=True)
class SitePair:
    """Two sites in the order of the specification, or one site twice: the pairs of nodes between them or within it."""

    here: str
    there: str
    kinds: Mapping[str, int]
    """Number of pairs of nodes by kind: LAN, DIRECT, RELAY or IMPOSSIBLE."""
    forth: bool
    """Whether some node of `here` can dial a node of `there`."""
    back: bool
    """Whether some node of `there` can dial a node of `here`."""
    relayed: Mapping[tuple[str, ...], tuple[Pair, ...]]
    """Relayed pairs of nodes by the gateways on their path, in order from `here`."""
    carried: int
    """Number of relayed pairs of nodes, of any sites, whose path crosses between these two sites."""
    carriers: frozenset[str]
    """Gateways of these two sites that relay for those pairs."""

    @property
    def tunnels(self) -> int:
        """Number of pairs of nodes with a tunnel of their own."""
        return sum(count for kind, count in self.kinds.items() if kind != RELAY)


@dataclass
class _Count:
    """Counters of one pair of sites while the nodes are walked through."""

    kinds: Counter[str]
    relayed: dict[tuple[str, ...], list[Pair]]
    carriers: set[str]
    forth: bool = False
    back: bool = False
    carried: int = 0


def site_pairs(spec: Spec, routes: Routes) -> tuple[SitePair, ...]:
    """Return all pairs of sites that have a pair of nodes. Every pair of nodes must have a path."""
    counts: dict[Pair, _Count] = defaultdict(lambda: _Count(Counter(), defaultdict(list), set()))
    for first, second in combinations(spec.nodes, 2):
        count = counts[first.site, second.site]
        kind = routes.kind(first.name, second.name)
        count.kinds[kind] += 1
        if kind == RELAY:
            path = routes.path(first.name, second.name)
            count.relayed[path[1:-1]].append((first.name, second.name))
            _carry(counts, routes.sites, path)
        elif first.site != second.site and not (count.forth and count.back):
            count.forth |= routes.reachability.endpoint(first, second) is not None
            count.back |= routes.reachability.endpoint(second, first) is not None
    rank = {site.name: index for index, site in enumerate(spec.sites)}
    return tuple(
        SitePair(
            here,
            there,
            dict(count.kinds),
            count.forth,
            count.back,
            {gateways: tuple(pairs) for gateways, pairs in count.relayed.items()},
            count.carried,
            frozenset(count.carriers),
        )
        for (here, there), count in sorted(counts.items(), key=lambda item: (rank[item[0][0]], rank[item[0][1]]))
    )


def _carry(counts: Mapping[Pair, _Count], sites: Mapping[str, str], path: tuple[str, ...]) -> None:
    """Count a relayed path once at each pair of sites between which it crosses."""
    for here, there in {tuple(sorted((sites[a], sites[b]))) for a, b in pairwise(path)}:
        counts[here, there].carried += 1
        counts[here, there].carriers |= {name for name in path[1:-1] if sites[name] in (here, there)}
