"""What is between sites: tunnels, who can begin them, and what they carry for others."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from components.model.reachability import RELAY
from components.model.routing import Routes
from components.model.spec import Spec


@dataclass
class Link:
    """Two sites that have tunnels between them."""

    here: str
    there: str
    tunnels: int = 0
    """Pairs of nodes."""
    forth: bool = False
    """Whether some node of `here` can speak first."""
    back: bool = False
    carried: int = 0
    """Pairs of nodes without a tunnel of their own whose packets go this way."""
    relays: set[str] = field(default_factory=set)
    """The gateways that carry them on."""


def links_of(spec: Spec, routes: Routes) -> list[Link]:
    """Return the links, in the order of the sites."""
    found: dict[tuple[str, str], Link] = {}
    sites = {node.name: node.site for node in spec.nodes}
    carried: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
    for one, other in combinations(spec.nodes, 2):
        kind = routes.kind(one.name, other.name)
        if kind == RELAY:
            path = routes.path(one.name, other.name)
            for start, end in {tuple(sorted((sites[a], sites[b]))) for a, b in pairwise(path)}:
                carried[start, end].append(path[1:-1])
        elif other.name in routes.tunnels[one.name] and one.site != other.site:
            link = found.setdefault((one.site, other.site), Link(one.site, other.site))
            link.tunnels += 1
            link.forth |= routes.reachability.endpoint(one, other) is not None
            link.back |= routes.reachability.endpoint(other, one) is not None
    for pair, paths in carried.items():
        if pair in found:
            found[pair].carried = len(paths)
            found[pair].relays = {name for path in paths for name in path if sites[name] in pair}
    return [found[pair] for pair in sorted(found)]
