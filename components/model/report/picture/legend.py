"""Legend below the picture: the signs that occur in it, with their meaning."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.model.overview import Overview
from components.model.report.node_forms import node_form, on_lan
from components.model.report.picture.drawn_links import DrawnLink
from components.model.report.picture.elements import curve, dot, hexagon, rectangle, text
from components.model.report.picture.lines import LABELLED
from components.model.report.picture.text import width
from components.model.spec import CONTROL_PLANE

_SIGN = 34.0
_HIGH = 24.0
_LETTERS = 12.0


@dataclass(frozen=True)
class Legend:
    """Elements relative to the top left corner, and their size in pixels."""

    elements: tuple[str, ...]
    width: float
    height: float


def legend(overview: Overview, links: Sequence[DrawnLink], wide: float, *, web: bool) -> Legend:
    """Return the legend, in lines of at most `wide` pixels."""
    elements: list[str] = []
    x = y = widest = 0.0
    for look, label in _signs(overview, links, web=web):
        size = _SIGN + 8 + width(label, _LETTERS)
        if x and x + size > wide:
            x, y = 0.0, y + _HIGH
        elements += [_sign(look, x, y), text(x + _SIGN + 8, y + 13, label, "node")]
        widest = max(widest, x + size)
        x += size + 26
    return Legend(tuple(elements), widest, y + 18)


def _signs(overview: Overview, links: Sequence[DrawnLink], *, web: bool) -> list[tuple[str, str]]:
    spec = overview.spec
    forms = {node_form(site, node) for site in spec.sites for node in site.nodes}
    numbers = "; numbers are pairs of nodes" if len(links) <= LABELLED else ""
    one_way = any(link.forth != link.back and (link.carried or not web) for link in links)
    carried = any(link.carried for link in links)
    signs = [
        ("link", f"tunnels between nodes of two sites{numbers}", bool(links)),
        ("arrow", "only one side can dial; the arrow points to the other", one_way),
        ("carries", "tunnels that also carry relayed packets of other nodes, through a gateway", carried),
        ("lan", "on one LAN", any(map(on_lan, spec.sites))),
        ("gateway", "gateway", "gateway" in forms),
        ("port", "node with a port", "port" in forms),
        ("closed", "node without a port", "closed" in forms),
        ("leads", "control plane", bool(spec.with_role(CONTROL_PLANE))),
        ("client", "roaming client", bool(overview.client_gateways)),
        ("service", "service, at the site where it enters", bool(spec.services)),
        ("serves", "traffic of services, to the site where they run", any(link.serves for link in links)),
    ]
    return [(look, label) for look, label, shown in signs if shown]


def _sign(look: str, x: float, y: float) -> str:
    middle = y + 9
    line = ((x, middle), (x + 10, middle), (x + _SIGN - 10, middle), (x + _SIGN, middle))
    if look in ("link", "carries", "serves"):
        return curve(line, look)
    if look == "arrow":
        tip = x + _SIGN
        head = f"{tip},{middle} {tip - 10},{middle - 5} {tip - 10},{middle + 5}"
        return curve(line, "link") + f'\n<polygon class="arrow" points="{head}"/>'
    if look == "lan":
        return rectangle(x + 3, y, _SIGN - 6, 18, "card lan", 5)
    if look == "gateway":
        return hexagon(x + 2, y, _SIGN - 4, 18, "chip gateway")
    if look == "leads":
        return dot(x + _SIGN / 2, middle, 3.5, "leads")
    return rectangle(x + 3, y, _SIGN - 6, 18, f"chip {look}", 9 if look == "service" else 5)
