"""What is between sites: tunnels, who can begin them, and what they carry for others."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from components.model.mesh.reachability import RELAY
from components.model.mesh.routing import Routes
from components.model.services.entries import entries
from components.model.spec import Spec
from components.model.spec.service import TUNNEL


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
    serves: dict[str, list[str]] = field(default_factory=dict)
    """Services whose traffic goes this way, by the site that it goes towards."""


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
    for here, there, name in _served(spec, routes, sites):
        served = found[min(here, there), max(here, there)].serves.setdefault(there, [])
        if name not in served:
            served.append(name)
    return [found[pair] for pair in sorted(found)]


def _served(spec: Spec, routes: Routes, sites: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the steps from site to site, and the service, of traffic from where it enters to where it runs."""
    for entry in entries(spec):
        for backend in entry.backends if entry.mode == TUNNEL else ():
            for one, other in pairwise(routes.path(entry.node, backend.node)):
                if sites[one] != sites[other]:
                    yield sites[one], sites[other], entry.service.name
