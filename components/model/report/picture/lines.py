"""Links as curves through the empty middle.

No curve crosses a box: a Bézier curve stays within the hull of its four points, and these lie in the middle or at its
edge.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import atan2, hypot

from components.model.report.picture.around import Place, Ring
from components.model.report.picture.drawn_links import DrawnLink
from components.model.report.picture.elements import Point, curve, number, rectangle, text
from components.model.report.picture.text import width

LABELLED = 16
"""Number of links up to which they have labels; with more, only tooltips have the numbers."""
_INK = 30
"""Total opacity of the lines of a web."""
_LETTERS = 11.0
"""Font size of a label in pixels."""
_HIGH = 17.0
_APART = 15.0
"""Maximal distance in pixels between lines where they leave a box."""
Curve = tuple[Point, Point, Point, Point]
Box = tuple[float, float, float, float]


def lines(links: Sequence[DrawnLink], places: Mapping[str, Place], ring: Ring, *, web: bool) -> list[str]:
    """Return the elements of all links. Links that carry relayed pairs are on top; in a `web`, the others are faint."""
    anchors = _anchors(links, places)
    curves = {
        (link.here, link.there): _curve(
            anchors[link.here, link.there],
            places[link.here].inwards,
            anchors[link.there, link.here],
            places[link.there].inwards,
            ring,
        )
        for link in links
    }
    faint = f' stroke-opacity="{max(0.1, min(0.3, _INK / len(links))):.2f}"' if web else ""
    elements: list[str] = []
    labels: list[str] = []
    taken: list[Box] = [(place.x, place.y, place.x + place.width, place.y + place.height) for place in places.values()]
    for link in sorted(links, key=lambda link: bool(link.carried)):
        points = curves[link.here, link.there]
        plain = web and not link.carried
        look = "carries" if link.carried else "link web" if web else "link" if _labelled(links) else "link thin"
        elements.append(curve(points, look, _tooltip(link), faint if plain else ""))
        if not plain:
            elements += _arrows(link, points, places)
        elements += _serves(link, points, places)
    if _labelled(links):
        for link in sorted(links, key=lambda link: not link.carried):
            labels += _label(link, curves[link.here, link.there], taken)
    return elements + labels


def _labelled(links: Sequence[DrawnLink]) -> bool:
    return len(links) <= LABELLED


def _tooltip(link: DrawnLink) -> str:
    dials = "either side can dial" if link.forth and link.back else f"{link.here if link.forth else link.there} dials"
    carried = (
        f"; carries {link.carried} relayed pairs, through {', '.join(sorted(link.relays))}" if link.carried else ""
    )
    return f"{link.here} - {link.there}: {link.tunnels} tunnels, {dials}{carried}"


def _anchors(links: Sequence[DrawnLink], places: Mapping[str, Place]) -> dict[tuple[str, str], Point]:
    """Return where the line to a site leaves another one, side by side in the order in which they do not cross."""
    partners: dict[str, list[str]] = defaultdict(list)
    for link in links:
        partners[link.here].append(link.there)
        partners[link.there].append(link.here)
    anchors = {}
    for name, ends in partners.items():
        place = places[name]
        ends.sort(key=lambda end: _turn(place, places[end]))
        edge = place.height if place.inwards[0] else place.width
        step = min(_APART, 0.84 * edge / len(ends)) / edge
        for index, end in enumerate(ends):
            anchors[name, end] = place.anchor(0.5 + step * (index - (len(ends) - 1) / 2))
    return anchors


def _turn(place: Place, other: Place) -> tuple[float, float]:
    """Return the sort key of lines along an edge: their direction, then the distance of their end."""
    (x, y), (to_x, to_y) = place.anchor(0.5), other.anchor(0.5)
    dx, dy = to_x - x, to_y - y
    along = dy if place.inwards[0] else dx
    into = dx * place.inwards[0] + dy * place.inwards[1]
    far = hypot(dx, dy)
    # 0.0 comes first because `max` returns the first of two equal values, and atan2 distinguishes a negative zero.
    return -round(atan2(max(0.0, into), along), 3), far if along < 0 else -far


def _curve(start: Point, out: Point, end: Point, into: Point, ring: Ring) -> Curve:
    """Return a curve that leaves and reaches boxes at right angles to their edges."""
    far = hypot(end[0] - start[0], end[1] - start[1])
    depth = (ring.bottom - ring.top) if out[1] else (ring.right - ring.left)
    reach = max(40, min(0.22 * far + 24, 0.8 * depth) if out == into else 0.42 * far)
    first = ring.inside((start[0] + reach * out[0], start[1] + reach * out[1]))
    second = ring.inside((end[0] + reach * into[0], end[1] + reach * into[1]))
    return start, first, second, end


def _at(points: Curve, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _arrows(link: DrawnLink, points: Curve, places: Mapping[str, Place]) -> list[str]:
    """Return an arrow head at the side that is dialled, where only one side can dial."""
    if link.forth and link.back:
        return []
    look = "arrow-carries" if link.carried else "arrow"
    return [_head(link.there if link.forth else link.here, link, points, places, 8 if link.carried else 7, look)]


def _serves(link: DrawnLink, points: Curve, places: Mapping[str, Place]) -> list[str]:
    """Return the traffic of services on a link, with an arrow head at the side that it goes to."""
    elements = []
    for site, names in link.serves.items():
        elements.append(curve(points, "serves", f"traffic of {', '.join(names)} to {site}"))
        elements.append(_head(site, link, points, places, 9, "arrow-serves"))
    return elements


def _head(site: str, link: DrawnLink, points: Curve, places: Mapping[str, Place], size: float, look: str) -> str:
    """Return an arrow head at one end of a link."""
    x, y = points[3] if site == link.there else points[0]
    dx, dy = places[site].inwards
    base = x + dx * size * 1.4, y + dy * size * 1.4
    corners = [(x, y), (base[0] + dy * size / 1.6, base[1] + dx * size / 1.6)]
    corners.append((base[0] - dy * size / 1.6, base[1] - dx * size / 1.6))
    return f'<polygon class="{look}" points="{" ".join(f"{number(a)},{number(b)}" for a, b in corners)}"/>'


def _label(link: DrawnLink, points: Curve, taken: list[Box]) -> list[str]:
    """Return the label of a link, its number of pairs of nodes, where there is room; `taken` then includes it."""
    label = f"{link.tunnels} + {link.carried} relayed" if link.carried else str(link.tunnels)
    wide = width(label, _LETTERS) + 10
    for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82):
        x, y = _at(points, t)
        box = (x - wide / 2, y - _HIGH / 2, x + wide / 2, y + _HIGH / 2)
        if not any(_overlap(box, occupied) for occupied in taken):
            taken.append(box)
            plate = rectangle(box[0], box[1], wide, _HIGH, "plate", 8)
            return [plate, text(x, y + 4, label, "label", "middle")]
    return []


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
