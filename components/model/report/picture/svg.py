"""The whole picture: sites around the middle, links between them, and a legend below."""

from components.model.overview import Overview
from components.model.report.picture.around import around
from components.model.report.picture.card import TEXT, card
from components.model.report.picture.drawn_links import drawn_links
from components.model.report.picture.elements import group, number, rectangle, text, title
from components.model.report.picture.legend import legend
from components.model.report.picture.lines import lines
from components.model.report.picture.style import STYLE
from components.model.report.picture.text import width

_MARGIN = 28
_HEAD = 74
_MIN_WIDTH = 620
"""Pixels of width for the legend, where the sites need less."""
_CLEAR = 60
"""Number of links up to which all are drawn in full; with more, those without relayed pairs are a faint web."""


def picture(overview: Overview, stack: str) -> str:
    """Return the text of an SVG file. It holds no secrets."""
    spec = overview.spec
    cards = [card(overview, site) for site in spec.sites]
    ring = around([(box.width, box.height) for box in cards])
    places = {box.site: place for box, place in zip(cards, ring.places, strict=True)}
    links = drawn_links(overview)
    web = len(links) > _CLEAR
    head = f"Cluster {stack}"
    about = f"{_count(len(spec.nodes), 'node')} at {_count(len(spec.sites), 'site')}, mesh {spec.mesh.cidr}"
    below = legend(overview, links, max(ring.width, _MIN_WIDTH), web=web)
    inner = max(ring.width, width(head, 20, bold=True), width(about, TEXT), below.width)
    wide = inner + 2 * _MARGIN
    under = _HEAD + ring.height + 24
    high = under + below.height + _MARGIN
    size = f'width="{number(wide)}" height="{number(high)}" viewBox="0 0 {number(wide)} {number(high)}"'
    boxes = [box.at(places[box.site].x, places[box.site].y) for box in cards]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
            title(f"{head}: {about}"),
            f"<style>{STYLE}</style>",
            rectangle(0, 0, wide, high, "ground", 14),
            text(_MARGIN, 38, head, "head"),
            text(_MARGIN, 58, about, "place"),
            group([*lines(links, places, ring, web=web), *boxes], at=((wide - ring.width) / 2, _HEAD)),
            group(below.elements, at=(_MARGIN, under)),
            "</svg>",
            "",
        ]
    )


def _count(number_of: int, noun: str) -> str:
    return f"{number_of} {noun}{'' if number_of == 1 else 's'}"
