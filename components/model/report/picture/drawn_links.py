"""The links of a picture: two sites that have tunnels between them, and the services whose traffic goes there."""

from collections import defaultdict
from dataclasses import dataclass

from components.model.overview import Overview


@dataclass(frozen=True)
class DrawnLink:
    """A line between two sites."""

    here: str
    there: str
    tunnels: int
    """Pairs of nodes with a tunnel of their own."""
    forth: bool
    """Whether some node of `here` can speak first."""
    back: bool
    carried: int
    """Pairs of nodes without a tunnel of their own whose packets go this way."""
    relays: frozenset[str]
    """The gateways that carry them on."""
    serves: dict[str, list[str]]
    """Services whose traffic goes this way, by the site that it goes towards."""


def drawn_links(overview: Overview) -> list[DrawnLink]:
    """Return the links, in the order of the sites."""
    serves: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for step in overview.crossings:
        serves[min(step.start, step.end), max(step.start, step.end)][step.end].append(step.service)
    return [
        DrawnLink(
            pair.here,
            pair.there,
            pair.tunnels,
            pair.forth,
            pair.back,
            pair.carried,
            pair.carriers,
            dict(serves[pair.here, pair.there]),
        )
        for pair in overview.site_pairs
        if pair.here != pair.there and pair.tunnels
    ]
