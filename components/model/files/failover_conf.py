"""What stretched-watch of a host reads, failover.conf, and what people are told of gateways that go down."""

from collections import Counter
from itertools import combinations

from components.model.mesh.failover import Watch
from components.model.mesh.routing import Routes
from components.model.report.markdown import table
from components.model.spec import Spec


def failover_conf(watch: Watch) -> str:
    """Return the file of a host; one without a line that begins with a word is for a host without a watch."""
    lines = ["# What stretched-watch does on this host when a gateway is down. Addresses are those of wg0."]
    for asked in watch.asked:
        through = "".join(f" {relay.address}" for relay in asked.through)
        lines.append(f"gateway {asked.node.address} {asked.node.name}{' through' if through else ''}{through}")
    for instead in watch.instead:
        nodes = " ".join(map(str, (*(node.address for node in instead.nodes), *instead.ranges)))
        lines.append(f"when {instead.gone.address} use {instead.peer.address} for {nodes}")
    for group, users in (("inside", watch.inside), ("outside", watch.outside)):
        lines += [f"user {group} {user.address}" for user in users]
    return "\n".join([*lines, ""])


def failover_table(spec: Spec, routes: Routes) -> str:
    """Return a table of what becomes of the pairs that go through each gateway when it is down; empty if none does."""
    rows = []
    for gone in routes.gateways:
        if gone not in routes.carriers:
            continue
        ways: Counter[tuple[str, ...]] = Counter()
        lost: list[str] = []
        for one, other in combinations([node.name for node in spec.nodes if node.name != gone], 2):
            if one not in routes.next_hops[other] or gone not in routes.path(one, other)[1:-1]:
                continue
            detour = routes.detour(gone, one, other)
            if detour is None:
                lost.append(f"{one} - {other}")
            else:
                ways[detour[1:-1]] += 1
        rows.append([gone, *_told(ways, lost)])
    return table(["when this gateway is down", "pairs that go another way", "pairs without one"], rows) if rows else ""


_SHOWN = 6
"""So many pairs are named."""


def _told(ways: Counter[tuple[str, ...]], lost: list[str]) -> list[str]:
    others = "; ".join(f"{count} through {', '.join(way)}" for way, count in ways.items())
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    named = f"{len(lost)}: {', '.join(lost[:_SHOWN])}{more}" if lost else "none"
    return [others or "none", named]
