"""The picture of the sites as boxes with texts, and the check that nothing lies upon something else."""

from itertools import combinations
from xml.etree import ElementTree as ET

from components.model.report.picture.svg import picture
from components.model.report.picture.text import width
from components.model.spec import Spec
from tests.support.examples import overview

SVG = "{http://www.w3.org/2000/svg}"
SIZES = {"head": 20, "title": 15, "place": 12, "node": 12, "small": 10.5, "label": 11}
BOLD = {"head", "title"}
Box = tuple[float, float, float, float]


def draw(spec: Spec) -> ET.Element:
    return ET.fromstring(picture(overview(spec), "test"))  # noqa: S314 - our own


def moved(element: ET.Element, x: float = 0, y: float = 0) -> list[tuple[ET.Element, float, float]]:
    """All elements, with where they are moved to by the groups around them."""
    if transform := element.get("transform"):
        dx, dy = map(float, transform.removeprefix("translate(").removesuffix(")").split())
        x, y = x + dx, y + dy
    return [(element, x, y), *(found for below in element for found in moved(below, x, y))]


def text_boxes(root: ET.Element) -> dict[Box, str]:
    """Where each text stands; its width is an estimate on the safe side."""
    boxes = {}
    for element, x, y in moved(root):
        if element.tag == f"{SVG}text":
            look = element.attrib["class"].split()[0]
            size, content = SIZES[look], element.text or ""
            wide = width(content, size, bold=look in BOLD)
            left = x + float(element.attrib["x"]) - (wide / 2 if element.get("text-anchor") == "middle" else 0)
            base = y + float(element.attrib["y"])
            boxes[left, base - 0.8 * size, left + wide, base + 0.22 * size] = content
    return boxes


def rectangles(root: ET.Element, look: str) -> list[Box]:
    found = []
    for element, x, y in moved(root):
        if element.tag == f"{SVG}rect" and look in element.attrib["class"].split():
            left, top = x + float(element.attrib["x"]), y + float(element.attrib["y"])
            found.append((left, top, left + float(element.attrib["width"]), top + float(element.attrib["height"])))
    return found


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(one: Box, other: Box) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


def check(spec: Spec) -> ET.Element:
    root = draw(spec)
    texts = text_boxes(root)
    (ground,) = rectangles(root, "ground")
    cards = [card for card in rectangles(root, "card") if card[3] - card[1] > 30]  # the legend has a small one
    assert len(cards) == len(spec.sites)
    for (one, said), (other, said_too) in combinations(texts.items(), 2):
        assert not meet(one, other), f"{said!r} and {said_too!r} are upon each other"
    for box, said in texts.items():
        assert inside(box, ground), f"{said!r} is outside of the picture"
        over = [card for card in cards if meet(box, card)]
        assert not over or inside(box, over[0]), f"{said!r} is across the edge of a site"
    for one, other in combinations(cards, 2):
        assert not meet(one, other), "sites are upon each other"
    for look in ("port", "closed", "client"):
        for chip in rectangles(root, look):
            assert all(inside(box, chip) for box in texts if meet(box, chip)), look
    return root
