"""Markdown table of the measurements between sites."""

from collections.abc import Sequence

from components.model.mesh.links import Link
from components.model.report.markdown import table


def links_table(links: Sequence[Link]) -> str:
    """Return a table with a row for each pair of sites; empty when nothing was measured."""
    if not links:
        return ""
    head = ["site", "other site", "kind", "round trip, ms", "MTU", "Mbit/s to it", "Mbit/s from it"]
    return table(head, [_row(link) for link in links])


def _row(link: Link) -> list[str]:
    forth, back = link.throughput_mbps or (None, None)
    return [*link.sites, link.kind, _number(link.latency_ms), str(link.mtu or "?"), _number(forth), _number(back)]


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def narrow_note(smallest: int | None, mtu: int) -> str:
    """Return what paths narrower than wg0 mean for pods, and the setting that changes it; empty when there is none.

    `smallest` is the smallest MTU of these paths and `mtu` that of wg0, both in bytes.
    """
    if smallest is None:
        return ""
    return (
        f"On paths with an MTU below {mtu}, nodes send packets that fit. Pods send up to {mtu} bytes, which "
        f"cross them in two fragments each: this works, but more slowly. `mesh.mtu: {smallest}` avoids fragments."
    )
