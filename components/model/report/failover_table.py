"""What becomes of pairs of nodes when a gateway is down, in Markdown."""

from collections.abc import Sequence

from components.model.mesh.failover import GatewayDown
from components.model.report.markdown import table

_SHOWN = 6
"""So many pairs are named."""


def failover_table(gateways: Sequence[GatewayDown]) -> str:
    """Return a table with a row for each gateway; empty without one."""
    rows = [[down.gateway, _detours(down), _lost(down)] for down in gateways]
    return table(["when this gateway is down", "pairs that go another way", "pairs without one"], rows) if rows else ""


def _detours(down: GatewayDown) -> str:
    return "; ".join(f"{count} through {', '.join(way)}" for way, count in down.detours.items()) or "none"


def _lost(down: GatewayDown) -> str:
    if not down.lost:
        return "none"
    named = ", ".join(f"{one} - {other}" for one, other in down.lost[:_SHOWN])
    more = f" and {len(down.lost) - _SHOWN} more" if len(down.lost) > _SHOWN else ""
    return f"{len(down.lost)}: {named}{more}"
