"""Box of a site: name, institutions, LAN, nodes by form, and the clients and services that enter there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from components.model.overview import Overview
from components.model.report.node_forms import node_form, on_lan
from components.model.report.picture.elements import dot, group, hexagon, rectangle, text
from components.model.report.picture.text import cut, width
from components.model.report.short_names import short_names
from components.model.spec import CONTROL_PLANE, Node, Site, Spec

TITLE, TEXT, SMALL = 15, 12, 10.5
"""Font sizes in pixels."""
FULL = 9
"""Number of sites up to which every node has a chip; with more sites, nodes of one form share one."""
_MAX_NAMED = 12
"""Maximal number of a site's nodes, clients or services that are drawn by name."""
_PAD = 12
_SPACE = 7
_WIDEST = 250
"""Maximal width of a name in pixels."""


@dataclass(frozen=True)
class Chip:
    """A sign in a box: a node, several nodes of one form, a client, or a service."""

    form: str
    """CSS class: gateway, port, closed, client or service."""
    name: str
    below: str = ""
    """Text of the second line; empty: there is none."""
    leads: bool = False
    """Whether the node is a control-plane node."""

    @property
    def width(self) -> float:
        """Width in pixels."""
        lines = max(width(self.name, TEXT), width(self.below, SMALL))
        return lines + 2 * _SPACE + (14 if self.form == "gateway" else 4) + (10 if self.leads else 0)

    @property
    def height(self) -> float:
        """Height in pixels."""
        return 36 if self.below else 23

    def draw(self, x: float, y: float, wide: float) -> list[str]:
        """Return the elements of the chip, `wide` pixels wide, like its neighbours."""
        look = f"chip {self.form}"
        shape = (
            hexagon(x, y, wide, self.height, look)
            if self.form == "gateway"
            else rectangle(x, y, wide, self.height, look, 11 if self.form == "service" else 6)
        )
        centre = x + wide / 2 - (4 if self.leads else 0)
        elements = [shape, text(centre, y + 15.5, self.name, "node", "middle")]
        if self.below:
            elements.append(text(centre, y + 29, self.below, "small", "middle"))
        if self.leads:
            elements.append(dot(x + wide - (15 if self.form == "gateway" else 10), y + self.height / 2, 3.5, "leads"))
        return elements


@dataclass(frozen=True)
class Card:
    """Drawn box of a site, sizes in pixels; `elements` are relative to its top left corner."""

    site: str
    width: float
    height: float
    elements: tuple[str, ...]

    def at(self, x: float, y: float) -> str:
        """Return the box as one element at its place."""
        return group(self.elements, at=(x, y))


def card(overview: Overview, site: Site) -> Card:
    """Return the box of a site."""
    spec = overview.spec
    institutions = sorted({node.institution for node in site.nodes})
    chips = _nodes(spec, site, full=len(spec.sites) <= FULL)
    clients, services = _clients(overview, site), _services(overview, site)
    columns = 1 if len(chips) <= 3 else 2 if len(chips) <= 8 else 3
    wide = max(chip.width for chip in [*chips, *clients, *services])
    lan = f"LAN {site.lan or ''}".strip() if on_lan(site) else ""
    badge = width(lan, SMALL) + 2 * _SPACE if lan else 0
    title = width(site.name, TITLE, bold=True)
    least = max(title + (_SPACE + badge if lan else 0), min(width(", ".join(institutions), TEXT), _WIDEST))
    inner = max(columns * wide + (columns - 1) * _SPACE, min(least, 2 * _WIDEST))
    wide = (inner - (columns - 1) * _SPACE) / columns
    drawn, y = _grid(chips, columns, wide, 54)
    for section, heading, look in ((clients, "roaming clients", "guest"), (services, "services", "served")):
        if section:
            drawn.append(text(_PAD, y + 17, heading, f"small {look}"))
            rows, y = _grid(section, columns, wide, y + 22)
            drawn += rows
    elements = [
        rectangle(0, 0, inner + 2 * _PAD, y + _PAD - _SPACE, "card lan" if lan else "card", 10),
        text(_PAD, 23, cut(site.name, inner - badge, TITLE, bold=True), "title"),
        text(_PAD, 41, cut(", ".join(institutions), inner, TEXT), "place"),
        *drawn,
    ]
    if lan:
        left = _PAD + inner - badge
        elements[1:1] = [rectangle(left, 10, badge, 18, "badge", 9)]
        elements.append(text(left + badge / 2, 22.5, lan, "small badged", "middle"))
    return Card(site.name, inner + 2 * _PAD, y + _PAD - _SPACE, tuple(elements))


def _rows(chips: list[Chip], columns: int) -> list[list[Chip]]:
    return [chips[start : start + columns] for start in range(0, len(chips), columns)]


def _grid(chips: list[Chip], columns: int, wide: float, y: float) -> tuple[list[str], float]:
    """Return the elements of chips in rows that begin at `y`, and the `y` below them."""
    elements: list[str] = []
    for row in _rows(chips, columns):
        for index, chip in enumerate(row):
            elements += chip.draw(_PAD + index * (wide + _SPACE), y, wide)
        y += max(chip.height for chip in row) + _SPACE
    return elements, y


def _nodes(spec: Spec, site: Site, *, full: bool) -> list[Chip]:
    short = short_names(spec)
    several = len({node.institution for node in site.nodes}) > 1
    order = {"gateway": 0, "port": 1, "closed": 2}
    nodes = sorted(site.nodes, key=lambda node: order[node_form(site, node)])
    named = nodes[:_MAX_NAMED] if full else [node for node in nodes if node_form(site, node) == "gateway"]
    if full and len(nodes) == _MAX_NAMED + 1:
        named = nodes
    chips = []
    for node in named:
        below = f"{node.institution} · {node.address}" if several and full else str(node.address) if full else ""
        name = cut(short[node.name], _WIDEST, TEXT)
        chips.append(Chip(node_form(site, node), name, cut(below, _WIDEST, SMALL), CONTROL_PLANE in node.roles))
    return chips + _folded(site, [node for node in nodes if node not in named], short, more=full)


def _folded(site: Site, nodes: Sequence[Node], short: dict[str, str], *, more: bool) -> list[Chip]:
    """Return one chip for all nodes of one form."""
    counts = Counter((node_form(site, node), CONTROL_PLANE in node.roles) for node in nodes)
    chips = []
    for (look, leads), count in counts.items():
        first = next(node for node in nodes if (node_form(site, node), CONTROL_PLANE in node.roles) == (look, leads))
        name = f"{count} more" if more else f"{count} nodes" if count > 1 else short[first.name]
        chips.append(Chip(look, cut(name, _WIDEST, TEXT), "", leads))
    return chips


def _clients(overview: Overview, site: Site) -> list[Chip]:
    names = [name for name, gateway in overview.client_gateways.items() if gateway.site == site.name]
    shown = names if len(names) <= _MAX_NAMED else names[: _MAX_NAMED - 1]
    chips = [Chip("client", cut(name, _WIDEST, TEXT)) for name in shown]
    return chips + ([Chip("client", f"{len(names) - len(shown)} more")] if len(names) > len(shown) else [])


def _services(overview: Overview, site: Site) -> list[Chip]:
    flows = [flow for flow in overview.flows if flow.site == site.name]
    shown = flows if len(flows) <= _MAX_NAMED else flows[: _MAX_NAMED - 1]
    chips = []
    for flow in shown:
        below = f"to {', '.join(flow.to)}" if flow.to else "" if flow.service.sources else "mesh only"
        chips.append(Chip("service", cut(flow.label, _WIDEST, TEXT), cut(below, _WIDEST, SMALL)))
    return chips + ([Chip("service", f"{len(flows) - len(shown)} more")] if len(flows) > len(shown) else [])
