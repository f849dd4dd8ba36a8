"""Links as curves through the empty place in the middle.

None crosses a box, because a Bézier curve stays within its four points, and those are in the middle or at its edge.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import atan2, hypot

from components.model.report.picture.around import Place, Ring
from components.model.report.picture.drawn_links import DrawnLink
from components.model.report.picture.elements import Point, curve, number, rectangle, text
from components.model.report.picture.text import width

LABELLED = 16
"""With more links, what a label would say is shown by a pointer only."""
_INK = 30
"""Opacity of all lines of a web together."""
_LETTERS = 11.0
"""Size of a label in pixels."""
_HIGH = 17.0
_APART = 15.0
"""Pixels between lines where they leave a box, at most."""
Curve = tuple[Point, Point, Point, Point]
Box = tuple[float, float, float, float]


def lines(links: Sequence[DrawnLink], places: Mapping[str, Place], ring: Ring, *, web: bool) -> list[str]:
    """Return the elements of all links, those that carry for others on top; in a `web` the others are faint."""
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
    found: list[str] = []
    labels: list[str] = []
    taken: list[Box] = [(place.x, place.y, place.x + place.width, place.y + place.height) for place in places.values()]
    for link in sorted(links, key=lambda link: bool(link.carried)):
        points = curves[link.here, link.there]
        plain = web and not link.carried
        look = "carries" if link.carried else "link web" if web else "link" if _labelled(links) else "link thin"
        found.append(curve(points, look, _told(link), faint if plain else ""))
        if not plain:
            found += _arrows(link, points, places)
        found += _serves(link, points, places)
    if _labelled(links):
        for link in sorted(links, key=lambda link: not link.carried):
            labels += _label(link, curves[link.here, link.there], taken)
    return found + labels


def _labelled(links: Sequence[DrawnLink]) -> bool:
    return len(links) <= LABELLED


def _told(link: DrawnLink) -> str:
    begin = "either side can begin" if link.forth and link.back else f"{link.here if link.forth else link.there} begins"
    carried = (
        f"; carries {link.carried} further pairs, through {', '.join(sorted(link.relays))}" if link.carried else ""
    )
    return f"{link.here} - {link.there}: {link.tunnels} tunnels, {begin}{carried}"


def _anchors(links: Sequence[DrawnLink], places: Mapping[str, Place]) -> dict[tuple[str, str], Point]:
    """Return where the line to a site leaves another one: lines lie beside each other in the order of their ends."""
    partners: dict[str, list[str]] = defaultdict(list)
    for link in links:
        partners[link.here].append(link.there)
        partners[link.there].append(link.here)
    found = {}
    for name, others in partners.items():
        place = places[name]
        others.sort(key=lambda other: _turn(place, places[other]))
        edge = place.height if place.inwards[0] else place.width
        step = min(_APART, 0.84 * edge / len(others)) / edge
        for index, other in enumerate(others):
            found[name, other] = place.anchor(0.5 + step * (index - (len(others) - 1) / 2))
    return found


def _turn(place: Place, other: Place) -> tuple[float, float]:
    """Return what orders lines along an edge: by direction, and among those along the edge the nearest outside."""
    (x, y), (to_x, to_y) = place.anchor(0.5), other.anchor(0.5)
    dx, dy = to_x - x, to_y - y
    along = dy if place.inwards[0] else dx
    into = dx * place.inwards[0] + dy * place.inwards[1]
    far = hypot(dx, dy)
    # Zero first: of two equal ones `max` returns the first, and atan2 knows a negative zero.
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
    """Return an arrow head where only the other side can speak first."""
    if link.forth and link.back:
        return []
    look = "arrow-carries" if link.carried else "arrow"
    return [_head(link.there if link.forth else link.here, link, points, places, 8 if link.carried else 7, look)]


def _serves(link: DrawnLink, points: Curve, places: Mapping[str, Place]) -> list[str]:
    """Return the ways of services upon a link, with an arrow head at the side where they go."""
    found = []
    for site, names in link.serves.items():
        found.append(curve(points, "serves", f"to {site} goes what asks for {', '.join(names)}"))
        found.append(_head(site, link, points, places, 9, "arrow-serves"))
    return found


def _head(site: str, link: DrawnLink, points: Curve, places: Mapping[str, Place], size: float, look: str) -> str:
    """Return an arrow head at one end of a link."""
    x, y = points[3] if site == link.there else points[0]
    dx, dy = places[site].inwards
    base = x + dx * size * 1.4, y + dy * size * 1.4
    corners = [(x, y), (base[0] + dy * size / 1.6, base[1] + dx * size / 1.6)]
    corners.append((base[0] - dy * size / 1.6, base[1] - dx * size / 1.6))
    return f'<polygon class="{look}" points="{" ".join(f"{number(a)},{number(b)}" for a, b in corners)}"/>'


def _label(link: DrawnLink, points: Curve, taken: list[Box]) -> list[str]:
    """Return how many pairs of nodes a link is for, where there is room; it is then taken."""
    said = f"{link.tunnels} + {link.carried} relayed" if link.carried else str(link.tunnels)
    wide = width(said, _LETTERS) + 10
    for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82):
        x, y = _at(points, t)
        box = (x - wide / 2, y - _HIGH / 2, x + wide / 2, y + _HIGH / 2)
        if not any(_meet(box, other) for other in taken):
            taken.append(box)
            plate = rectangle(box[0], box[1], wide, _HIGH, "plate", 8)
            return [plate, text(x, y + 4, said, "label", "middle")]
    return []


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
