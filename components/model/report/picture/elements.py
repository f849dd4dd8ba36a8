"""SVG elements as text. Their colours and lines come from CSS classes, see style.py."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

Point = tuple[float, float]


def number(value: float) -> str:
    """Return a coordinate in pixels, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, content: str, look: str, anchor: str = "start") -> str:
    """Return a line of text; `y` is the position of its baseline."""
    place = f'x="{number(x)}" y="{number(y)}"'
    aligned = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="{look}" {place}{aligned}>{escape(content)}</text>'


def rectangle(x: float, y: float, width: float, height: float, look: str, radius: float = 0) -> str:
    """Return a rectangle with rounded corners."""
    size = f'width="{number(width)}" height="{number(height)}"'
    rounded = f' rx="{number(radius)}"' if radius else ""
    return f'<rect class="{look}" x="{number(x)}" y="{number(y)}" {size}{rounded}/>'


def hexagon(x: float, y: float, width: float, height: float, look: str) -> str:
    """Return a hexagon with points at the left and at the right."""
    tip = min(height / 3, 11)
    corners = [(x, y + height / 2), (x + tip, y), (x + width - tip, y)]
    corners += [(x + width, y + height / 2), (x + width - tip, y + height), (x + tip, y + height)]
    return f'<polygon class="{look}" points="{" ".join(f"{number(a)},{number(b)}" for a, b in corners)}"/>'


def dot(x: float, y: float, radius: float, look: str) -> str:
    """Return a circle."""
    return f'<circle class="{look}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'


def curve(points: tuple[Point, Point, Point, Point], look: str, tip: str = "", more: str = "") -> str:
    """Return a cubic Bézier curve; `tip` is its tooltip, `more` are further attributes."""
    (x, y), *rest = points
    path = f"M{number(x)} {number(y)}C" + " ".join(f"{number(a)} {number(b)}" for a, b in rest)
    return f'<path class="{look}" d="{path}"{more}>{title(tip) if tip else ""}</path>'


def title(tip: str) -> str:
    """Return the tooltip of the element around it."""
    return f"<title>{escape(tip)}</title>"


def group(elements: Iterable[str], *, at: Point = (0, 0), look: str = "", tip: str = "") -> str:
    """Return elements as a group, moved by `at`."""
    moved = f' transform="translate({number(at[0])} {number(at[1])})"' if at != (0, 0) else ""
    named = f" class={quoteattr(look)}" if look else ""
    return "\n".join([f"<g{named}{moved}>{title(tip) if tip else ''}", *elements, "</g>"])
