"""What was measured between sites, in Markdown."""

from collections.abc import Sequence

from components.model.mesh.links import Link
from components.model.report.markdown import table


def links_table(links: Sequence[Link]) -> str:
    """Return a table with a row for each pair of sites; empty when nothing was measured."""
    if not links:
        return ""
    head = ["between", "and", "kind", "round trip, ms", "MTU", "Mbit/s there", "Mbit/s back"]
    return table(head, [_row(link) for link in links])


def _row(link: Link) -> list[str]:
    there, back = link.throughput_mbps or (None, None)
    return [*link.sites, link.kind, _number(link.latency_ms), str(link.mtu or "?"), _number(there), _number(back)]


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def narrow_note(least: int | None, mtu: int) -> str:
    """Return what a path narrower than wg0 means for pods, and what to write to change it; empty without one.

    `least` is the least MTU of the paths that are narrower than wg0's `mtu`, in bytes.
    """
    if least is None:
        return ""
    return (
        f"Where a path's MTU is less than {mtu}, the nodes' own packets are made to fit. The pods' are made for {mtu} "
        f"and cross it in two pieces each: that works, more slowly. With `mesh.mtu: {least}` all fit everywhere."
    )
