"""Markdown tables of reachability: sites by sites, and the paths through gateways."""

from collections import defaultdict
from collections.abc import Iterable

from components.model.mesh.reachability import KINDS
from components.model.mesh.site_pairs import Pair, SitePair
from components.model.overview import Overview
from components.model.report.markdown import table
from components.model.spec import Site


def reachability_table(overview: Overview) -> str:
    """Return a table of sites by sites: the number of pairs of nodes of each kind."""
    pairs = {frozenset((pair.here, pair.there)): pair for pair in overview.site_pairs}
    sites = [site.name for site in overview.spec.sites]

    def cell(row: str, column: str) -> str:
        pair = pairs.get(frozenset((row, column)))
        return _kinds(pair) if pair else "-"

    return table(["", *sites], [[row, *(cell(row, column) for column in sites)] for row in sites])


def _kinds(pair: SitePair) -> str:
    return ", ".join(f"{pair.kinds[kind]} {kind}" for kind in KINDS if kind in pair.kinds)


def relayed_paths(overview: Overview) -> str:
    """Return a table of the paths through gateways, one row for nodes that share a path; empty when there is none."""
    rows = []
    for pair in overview.site_pairs:
        here, there = overview.spec.site(pair.here), overview.spec.site(pair.there)
        for gateways, nodes in pair.relayed.items():
            for starts, ends, count in _folded(nodes, within=pair.here == pair.there):
                end = _names(there, ends) if ends else "each other"
                rows.append([_names(here, starts), ", ".join(gateways), end, str(count)])
    return table(["between", "through", "and", "pairs"], rows) if rows else ""


def _folded(pairs: tuple[Pair, ...], *, within: bool) -> Iterable[tuple[list[str], list[str], int]]:
    """Return pairs as groups (starts, ends, number of pairs), where each start pairs with each end.

    Without ends, the starts pair with each other. `within`: all pairs are within one site.
    """
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    if within and len(pairs) == len(names) * (len(names) - 1) // 2:
        return [(names, [], len(pairs))]
    partners: dict[str, list[str]] = defaultdict(list)
    for start, end in pairs:
        partners[start].append(end)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for start, ends in partners.items():
        groups[tuple(ends)].append(start)
    return [(starts, list(ends), len(starts) * len(ends)) for ends, starts in groups.items()]


def _names(site: Site, names: list[str]) -> str:
    """Return the names of a site's nodes, or that they are all of the site."""
    if len(names) == len(site.nodes) > 1:
        return f"{'both' if len(names) == 2 else f'all {len(names)}'} of {site.name}"
    return f"{', '.join(names)} ({site.name})"
