"""Markdown table of what happens when a gateway is down."""

from collections.abc import Sequence

from components.model.mesh.failover import GatewayDown
from components.model.report.markdown import table

_SHOWN = 6
"""Number of pairs that are listed by name."""


def failover_table(gateways: Sequence[GatewayDown]) -> str:
    """Return a table with a row for each gateway; empty when there is none."""
    rows = [[down.gateway, _detours(down), _lost(down)] for down in gateways]
    return table(["failed gateway", "pairs that take another path", "pairs that are cut off"], rows) if rows else ""


def _detours(down: GatewayDown) -> str:
    return "; ".join(f"{count} through {', '.join(gateways)}" for gateways, count in down.detours.items()) or "none"


def _lost(down: GatewayDown) -> str:
    if not down.lost:
        return "none"
    named = ", ".join(f"{first} - {second}" for first, second in down.lost[:_SHOWN])
    more = f" and {len(down.lost) - _SHOWN} more" if len(down.lost) > _SHOWN else ""
    return f"{len(down.lost)}: {named}{more}"
