"""How sites reach each other, in Markdown: a table from site to site, and the paths through gateways."""

from collections import defaultdict
from collections.abc import Iterable

from components.model.mesh.reachability import KINDS
from components.model.mesh.site_pairs import Pair, SitePair
from components.model.overview import Overview
from components.model.report.markdown import table
from components.model.spec import Site


def reachability_table(overview: Overview) -> str:
    """Return a table of sites by sites: how many pairs of nodes reach each other in which way."""
    pairs = {frozenset((pair.here, pair.there)): pair for pair in overview.site_pairs}
    sites = [site.name for site in overview.spec.sites]

    def cell(one: str, other: str) -> str:
        pair = pairs.get(frozenset((one, other)))
        return _kinds(pair) if pair else "-"

    return table(["", *sites], [[one, *(cell(one, other) for other in sites)] for one in sites])


def _kinds(pair: SitePair) -> str:
    return ", ".join(f"{pair.kinds[kind]} {kind}" for kind in KINDS if kind in pair.kinds)


def relayed_paths(overview: Overview) -> str:
    """Return a table of the ways through gateways, a row for the nodes that have theirs in common; empty if none."""
    rows = []
    for pair in overview.site_pairs:
        here, there = overview.spec.site(pair.here), overview.spec.site(pair.there)
        for gateways, nodes in pair.relayed.items():
            for ones, others, count in _folded(nodes, within=pair.here == pair.there):
                ends = [_some(here, ones), _some(there, others) if others else "each other"]
                rows.append([ends[0], ", ".join(gateways), ends[1], str(count)])
    return table(["between", "through", "and", "pairs"], rows) if rows else ""


def _folded(pairs: tuple[Pair, ...], *, within: bool) -> Iterable[tuple[list[str], list[str], int]]:
    """Return groups of names of which each of the first pairs with each of the second; no second: among themselves.

    `within` says that all are nodes of one site.
    """
    everybody = list(dict.fromkeys(name for pair in pairs for name in pair))
    if within and len(pairs) == len(everybody) * (len(everybody) - 1) // 2:
        return [(everybody, [], len(pairs))]
    partners: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        partners[one].append(other)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, others in partners.items():
        groups[tuple(others)].append(name)
    return [(names, list(others), len(names) * len(others)) for others, names in groups.items()]


def _some(site: Site, names: list[str]) -> str:
    if len(names) == len(site.nodes) > 1:
        return f"{'both' if len(names) == 2 else f'all {len(names)}'} of {site.name}"
    return f"{', '.join(names)} ({site.name})"
