"""How the nodes of each two sites reach each other, counted once for every table and diagram."""

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
    """Two sites, or one site with itself, in the order of the specification."""

    here: str
    there: str
    kinds: Mapping[str, int]
    """Pairs of nodes by how they reach each other: LAN, DIRECT, RELAY or IMPOSSIBLE."""
    forth: bool
    """Whether some node of `here` can speak first to one of `there` over a tunnel."""
    back: bool
    ways: Mapping[tuple[str, ...], tuple[Pair, ...]]
    """The gateways on the way, in their order from `here`, to the pairs of nodes that go through them."""
    carried: int
    """Pairs of nodes of any sites that go through gateways and cross between these two sites."""
    carriers: frozenset[str]
    """The gateways of these two sites that such pairs go through."""

    @property
    def tunnels(self) -> int:
        """Pairs of nodes with a tunnel of their own."""
        return sum(count for kind, count in self.kinds.items() if kind != RELAY)


@dataclass
class _Count:
    """What is counted of two sites."""

    kinds: Counter[str]
    ways: dict[tuple[str, ...], list[Pair]]
    carriers: set[str]
    forth: bool = False
    back: bool = False
    carried: int = 0


def site_pairs(spec: Spec, routes: Routes) -> tuple[SitePair, ...]:
    """Return all pairs of sites that have a pair of nodes; every pair of nodes must be connected."""
    counts: dict[Pair, _Count] = defaultdict(lambda: _Count(Counter(), defaultdict(list), set()))
    for one, other in combinations(spec.nodes, 2):
        count = counts[one.site, other.site]
        kind = routes.kind(one.name, other.name)
        count.kinds[kind] += 1
        if kind == RELAY:
            path = routes.path(one.name, other.name)
            count.ways[path[1:-1]].append((one.name, other.name))
            _carry(counts, routes.sites, path)
        elif one.site != other.site and not (count.forth and count.back):
            count.forth |= routes.reachability.endpoint(one, other) is not None
            count.back |= routes.reachability.endpoint(other, one) is not None
    rank = {site.name: index for index, site in enumerate(spec.sites)}
    return tuple(
        SitePair(
            here,
            there,
            dict(count.kinds),
            count.forth,
            count.back,
            {way: tuple(pairs) for way, pairs in count.ways.items()},
            count.carried,
            frozenset(count.carriers),
        )
        for (here, there), count in sorted(counts.items(), key=lambda item: (rank[item[0][0]], rank[item[0][1]]))
    )


def _carry(counts: Mapping[Pair, _Count], sites: Mapping[str, str], path: tuple[str, ...]) -> None:
    """Count a path through gateways at each two sites between which it crosses, once."""
    for here, there in {tuple(sorted((sites[a], sites[b]))) for a, b in pairwise(path)}:
        counts[here, there].carried += 1
        counts[here, there].carriers |= {name for name in path[1:-1] if sites[name] in (here, there)}
