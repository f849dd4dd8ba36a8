"""Links of the picture: pairs of sites with tunnels between them, and the services whose traffic crosses there."""

from collections import defaultdict
from dataclasses import dataclass

from components.model.overview import Overview


@dataclass(frozen=True)
class DrawnLink:
    """A line between two sites, `here` and `there` by name."""

    here: str
    there: str
    tunnels: int
    """Number of pairs of nodes with a tunnel of their own."""
    forth: bool
    """Whether some node of `here` can dial a node of `there`."""
    back: bool
    """Whether some node of `there` can dial a node of `here`."""
    carried: int
    """Number of relayed pairs of nodes whose path crosses here."""
    relays: frozenset[str]
    """Names of the gateways that relay for these pairs."""
    serves: dict[str, list[str]]
    """Names of services whose traffic crosses here, by the site that it goes to."""


def drawn_links(overview: Overview) -> list[DrawnLink]:
    """Return the links, in the order of the sites."""
    serves: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for crossing in overview.crossings:
        low, high = sorted((crossing.start, crossing.end))
        serves[low, high][crossing.end].append(crossing.service)
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
