"""Layout: boxes around an empty middle, through which the lines between them go."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from components.model.report.picture.elements import Point

GAP = 26
"""Pixels between two boxes."""
_SHAPE = 1.75
"""Preferred ratio of width to height, that of most screens."""
_MIDDLE = (300, 130)
"""Minimal width and height of the middle in pixels."""
_ROOM = 0.2
"""Minimal height of the middle as a share of the whole width, so that curves stay apart."""
_MAX_ROOM = 340
"""Pixels of height that this share does not exceed."""


@dataclass(frozen=True)
class Place:
    """Place of a box, in pixels. All of its lines leave it at one of its edges, towards the middle."""

    x: float
    y: float
    width: float
    height: float
    inwards: Point
    """Direction of the middle: (1, 0), (-1, 0), (0, 1) or (0, -1)."""

    def anchor(self, share: float) -> Point:
        """Return the point at this share (0 to 1) of the edge towards the middle, clockwise seen from the middle."""
        dx, dy = self.inwards
        if dx:
            return self.x + (self.width if dx > 0 else 0), self.y + self.height * share
        return self.x + self.width * share, self.y + (self.height if dy > 0 else 0)


@dataclass(frozen=True)
class Ring:
    """All places, in the order of the boxes, and the edges of the empty middle, in pixels."""

    places: tuple[Place, ...]
    left: float
    top: float
    right: float
    bottom: float
    width: float
    height: float

    def inside(self, point: Point) -> Point:
        """Return the point of the middle that is nearest to `point`."""
        return min(max(point[0], self.left), self.right), min(max(point[1], self.top), self.bottom)


Size = tuple[float, float]


def around(sizes: Sequence[Size]) -> Ring:
    """Return places for boxes of these sizes, clockwise from the top left."""
    rings = [_ring(sizes, sides) for sides in range(len(sizes) // 2 + 1)]
    return min(rings, key=lambda ring: abs(log(ring.width / ring.height / _SHAPE)))


def _ring(sizes: Sequence[Size], sides: int) -> Ring:
    """Return the ring with `sides` boxes each at the left and at the right."""
    above = (len(sizes) - 2 * sides + 1) // 2
    turns = [0, above, above + sides, len(sizes) - sides, len(sizes)]
    rows = [list(sizes[start:end]) for start, end in pairwise(turns)]
    rows[2].reverse()
    rows[3].reverse()
    over, right, under, left = rows

    def along(row: list[Size], axis: int) -> float:
        return sum(size[axis] for size in row) + GAP * max(len(row) - 1, 0)

    def across(row: list[Size], axis: int) -> float:
        return max((size[axis] for size in row), default=-GAP)

    middle = max(along(over, 0), along(under, 0), _MIDDLE[0])
    whole = middle + 2 * GAP + max(across(left, 0), 0) + max(across(right, 0), 0)
    band = max(along(left, 1), along(right, 1), _MIDDLE[1], min(_ROOM * whole, _MAX_ROOM) if over or under else 0)
    x0 = across(left, 0) + GAP
    y0 = across(over, 1) + GAP
    x1, y1 = x0 + middle, y0 + band
    places = [
        *_row(over, 0, (x0 + x1) / 2, y0 - GAP, (0, 1)),
        *_row(right, 1, (y0 + y1) / 2, x1 + GAP, (-1, 0)),
        *reversed(_row(under, 0, (x0 + x1) / 2, y1 + GAP, (0, -1))),
        *reversed(_row(left, 1, (y0 + y1) / 2, x0 - GAP, (1, 0))),
    ]
    width = x1 + GAP + across(right, 0)
    height = y1 + GAP + across(under, 1)
    return Ring(tuple(places), x0, y0, x1, y1, width, height)


def _row(sizes: list[Size], axis: int, centre: float, edge: float, inwards: Point) -> list[Place]:
    """Return places in a row along an axis, centred at `centre`, with their inner edges at `edge`."""
    total = sum(size[axis] for size in sizes) + GAP * max(len(sizes) - 1, 0)
    start = centre - total / 2
    places = []
    for width, height in sizes:
        x, y = (start, edge) if axis == 0 else (edge, start)
        x -= width if inwards[0] > 0 else 0
        y -= height if inwards[1] > 0 else 0
        places.append(Place(x, y, width, height, inwards))
        start += (width, height)[axis] + GAP
    return places
