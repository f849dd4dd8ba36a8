"""How sites reach each other, in Markdown: a table from site to site, and the paths through gateways."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations

from components.model.mesh.reachability import KINDS
from components.model.mesh.routing import Routes
from components.model.report.markdown import table
from components.model.spec import Node, Site, Spec


def reachability_table(spec: Spec, routes: Routes) -> str:
    """Return a table of sites by sites: how many pairs of nodes reach each other in which way."""
    counts: dict[frozenset[str], Counter[str]] = defaultdict(Counter)
    for one, other in combinations(spec.nodes, 2):
        counts[frozenset((one.site, other.site))][routes.kind(one.name, other.name)] += 1

    def cell(one: Site, other: Site) -> str:
        found = counts[frozenset((one.name, other.name))]
        return ", ".join(f"{found[kind]} {kind}" for kind in KINDS if found[kind]) or "-"

    rows = [[site.name, *(cell(site, other) for other in spec.sites)] for site in spec.sites]
    return table(["", *(site.name for site in spec.sites)], rows)


def relayed_paths(spec: Spec, routes: Routes) -> str:
    """Return a table of the ways through gateways, a row for the nodes that have theirs in common; empty if none."""
    pairs: dict[tuple[str, tuple[str, ...], str], list[tuple[Node, Node]]] = defaultdict(list)
    for one, other in combinations(spec.nodes, 2):
        through = routes.path(one.name, other.name)[1:-1]
        if through:
            pairs[one.site, through, other.site].append((one, other))
    if not pairs:
        return ""
    sites = {site.name: site for site in spec.sites}
    rows = []
    for (here, through, there), found in pairs.items():
        for ones, others, count in _folded(found):
            ends = [_some(sites[here], ones), _some(sites[there], others) if others else "each other"]
            rows.append([ends[0], ", ".join(through), ends[1], str(count)])
    return table(["between", "through", "and", "pairs"], rows)


def _folded(pairs: list[tuple[Node, Node]]) -> Iterable[tuple[list[str], list[str], int]]:
    """Return groups of names of which each of the first pairs with each of the second; no second: among themselves."""
    everybody = list(dict.fromkeys(node.name for pair in pairs for node in pair))
    if pairs[0][0].site == pairs[0][1].site and len(pairs) == len(everybody) * (len(everybody) - 1) // 2:
        return [(everybody, [], len(pairs))]
    partners: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        partners[one.name].append(other.name)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, others in partners.items():
        groups[tuple(others)].append(name)
    return [(names, list(others), len(names) * len(others)) for others, names in groups.items()]


def _some(site: Site, names: list[str]) -> str:
    if len(names) == len(site.nodes) > 1:
        return f"{'both' if len(names) == 2 else f'all {len(names)}'} of {site.name}"
    return f"{', '.join(names)} ({site.name})"
