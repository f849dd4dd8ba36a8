"""The picture of the sites: well-formed, nothing upon something else, at any number of sites."""

import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.configuration import parse
from components.model.report.picture.around import around
from components.model.report.picture.drawn_links import drawn_links
from components.model.report.picture.elements import hexagon
from components.model.report.picture.style import STYLE
from components.model.report.picture.svg import picture
from components.model.report.picture.text import cut, width
from components.model.spec import Spec
from tests.support.drawings import SVG, check, draw, inside, meet, moved, rectangles, text_boxes
from tests.support.examples import TREE, changed, configuration, host_key, lab, overview, read, with_clients
from tests.support.roaming import Roaming
from tests.support.worlds import Form, random_form


def three(**clients: object) -> Spec:
    return parse(with_clients(**clients), read)


def roaming(forms: list[Form], each: int) -> Spec:
    return Roaming(forms, each).spec()


def large(sites: int, seed: int = 1) -> Spec:
    source = random.Random(seed)  # noqa: S311 - no secret
    hub = Form(nodes=2, own_ports=frozenset({0, 1}), lan=frozenset(), gateway=0, site_port=False)
    return roaming([hub, *(random_form(source, 7) for _ in range(sites - 1))], each=2)


def points(path: str) -> list[tuple[float, float]]:
    numbers = [float(word) for word in path.replace("M", " ").replace("C", " ").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


EXAMPLE = """
mwt2:
  institution: uchicago
  gateway: uchicago002.hl-lhc.io
  clients: 192.168.0.192/26
  nodes:
    uchicago002.hl-lhc.io: {address: 192.168.0.2, endpoint: 192.0.2.2, roles: [control-plane, etcd]}
    uchicago003.hl-lhc.io: {address: 192.168.0.3, endpoint: 192.0.2.3}
    uchicago004.hl-lhc.io: {address: 192.168.0.4, endpoint: 192.0.2.4}
aglt2:
  nodes:
    umich001.hl-lhc.io: {address: 192.168.0.6, endpoint: "198.51.100.6:51820", institution: umich}
    msu001.hl-lhc.io: {address: 192.168.0.7, endpoint: "198.51.100.6:51821", institution: msu}
infn:
  institution: infn
  lan: 10.1.0.0/24
  gateway: infn001.example.org
  endpoint: 198.51.100.20:51820
  nodes:
    infn001.example.org: {address: 192.168.0.11, lanAddress: 10.1.0.11}
    infn002.example.org: {address: 192.168.0.12, lanAddress: 10.1.0.12}
    infn003.example.org: {address: 192.168.0.13, lanAddress: 10.1.0.13}
uvic:
  institution: uvic
  nodes:
    uvic001.hl-lhc.io: {address: 192.168.0.8, lanAddress: 10.2.0.11}
    uvic002.hl-lhc.io: {address: 192.168.0.9, lanAddress: 10.2.0.12}
"""


SERVICES = """
portal: {port: 443, nodePort: 30443, from: public, at: [uvic]}
transfer: {port: 2811, hostPort: 2811, from: public, at: [mwt2], clientAddress: kept}
monitor: {port: 9090, target: "10.1.0.50:9090", at: [infn001.example.org]}
"""


def test_the_picture_in_the_documentation_is_what_is_drawn() -> None:
    config = changed("sites", yaml.safe_load(EXAMPLE), configuration())
    config = changed("services", yaml.safe_load(SERVICES), config)
    for site, fields in yaml.safe_load(EXAMPLE).items():
        for index, name in enumerate(fields["nodes"]):
            ssh = {"host": f"{site}.example.org", "port": 2211 + index, "hostKey": host_key(name)}
            config = changed(f"sites/{site}/nodes/{name}/ssh", ssh, config)
    spec = parse(changed("clients", {"ada-laptop": {}, "bea-phone": {}}, config), read)
    check(spec)
    drawn = picture(overview(spec), "hl-lhc")
    file = TREE / "docs/diagram.svg"
    assert file.read_text(encoding="utf-8") == drawn, f"look at the new picture, and copy it: {save(drawn)}"


def save(drawn: str) -> Path:
    file = Path(mkdtemp()) / "diagram.svg"
    file.write_text(drawn, encoding="utf-8")
    return file


def test_the_labs_cluster_is_drawn() -> None:
    root = check(lab())
    said = set(text_boxes(root).values())
    assert {"Cluster test", "7 nodes at 3 sites, mesh 192.168.0.0/24", "mwt2", "uchicago", "msu, umich"} <= said
    assert {"uvic001", "192.168.0.8", "msu · 192.168.0.7", "8", "4", "2"} <= said
    assert len([e for e in root.iter(f"{SVG}circle") if e.get("class") == "leads"]) == 3 + 1  # one is the legend's
    assert "gateway" not in said


def test_gateways_relayed_pairs_lans_and_clients_are_drawn() -> None:
    root = check(three(**{"ada-laptop": {"address": "192.168.7.200"}}))
    said = set(text_boxes(root).values())
    assert {"gate", "LAN 10.1.0.0/24", "2 + 4 relayed", "roaming clients", "ada-laptop", "closed1"} <= said
    assert {
        "gateway",
        "node with a port",
        "node without a port",
        "roaming client",
        "on one LAN",
        "control plane",
    } <= said
    carries = [e for e in root.iter(f"{SVG}path") if e.get("class") == "carries"]
    tips = [tip.text for e in carries if (tip := e.find(f"{SVG}title")) is not None]
    assert tips == ["closed - oneport: 2 tunnels, closed dials; carries 4 relayed pairs, through gate.lab.test"]
    assert len([e for e in root.iter(f"{SVG}polygon") if "gateway" in (e.get("class") or "")]) == 2


def test_links_count_tunnels_and_what_they_carry() -> None:
    spec = three()
    found = {
        (one.here, one.there): (one.tunnels, one.forth, one.back, one.carried) for one in drawn_links(overview(spec))
    }
    assert found == {
        ("closed", "oneport"): (2, True, False, 4),
        ("closed", "open"): (4, True, False, 0),
        ("oneport", "open"): (6, True, True, 0),
    }


@pytest.mark.parametrize("sites", [1, 2, 3, 4, 5, 8, 9, 10, 15, 20, 30, 40])
def test_nothing_is_upon_something_else_at_this_many_sites(sites: int) -> None:
    root = check(large(sites))
    size = float(root.attrib["width"]), float(root.attrib["height"])
    assert size[0] < 2600, "a wide screen shows it without scrolling"
    assert size[1] < 1900


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32))
def test_nothing_is_upon_something_else_in_any_world(sites: int, seed: int) -> None:
    check(large(sites, seed))


def renamed(spec: Spec, institution: str, name: str) -> Spec:
    """The three sites with other words at one node."""
    first, *rest = spec.sites
    one, *others = first.nodes
    nodes = (replace(one, institution=institution, name=name), *others)
    return replace(spec, sites=(replace(first, nodes=nodes), *rest))


def test_long_names_are_cut_and_stay_in_their_boxes() -> None:
    spec = renamed(
        three(),
        "University of the Northern Isles " * 9,
        "a-long-name-of-a-host-that-somebody-has-given-to-it-in-a-whim",
    )
    said = text_boxes(check(spec)).values()
    assert [one for one in said if one.startswith("University of the") and one.endswith("…")]
    assert [one for one in said if one.startswith("a-long-name-of") and one.endswith("…")]


def test_what_users_write_is_text_and_nothing_else() -> None:
    assert '<b>&"' in "".join(text_boxes(check(renamed(three(), '<b>&"', "a.lab.test"))).values())


def test_no_line_crosses_a_site() -> None:
    for spec in (lab(), three(), large(9), large(20), large(33)):
        root = draw(spec)
        cards = [card for card in rectangles(root, "card") if card[3] - card[1] > 30]
        count = 0
        for element, x, y in moved(root):
            look = (element.get("class") or "").split()
            if (
                element.tag == f"{SVG}path"
                and {"link", "carries"} & set(look)
                and element.find(f"{SVG}title") is not None
            ):
                count += 1
                for t in range(1, 40):
                    s = t / 40
                    weights = ((1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s**2 * (1 - s), s**3)
                    here = [
                        sum(w * p[axis] for w, p in zip(weights, points(element.attrib["d"]), strict=True))
                        for axis in (0, 1)
                    ]
                    spot = (x + here[0], y + here[1], x + here[0], y + here[1])
                    assert not any(meet(spot, (c[0] + 1, c[1] + 1, c[2] - 1, c[3] - 1)) for c in cards)
        assert count == len(drawn_links(overview(spec)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(60, 300), st.integers(40, 300)), min_size=1, max_size=45))
def test_boxes_stand_around_the_middle_and_never_upon_each_other(sizes: list[tuple[float, float]]) -> None:
    ring = around(sizes)
    boxes = [(place.x, place.y, place.x + place.width, place.y + place.height) for place in ring.places]
    assert [(place.width, place.height) for place in ring.places] == sizes
    middle = (ring.left, ring.top, ring.right, ring.bottom)
    for one, other in combinations(boxes, 2):
        assert not meet(one, other)
    for box in boxes:
        assert not meet(box, middle)
        assert inside(box, (0, 0, ring.width + 0.01, ring.height + 0.01))


def test_classes_have_a_look_in_the_light_and_in_the_dark() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    used = {
        name for spec in (lab(), three(ada={})) for e in draw(spec).iter() for name in (e.get("class") or "").split()
    }
    for name in used:
        assert f".{name} " in light or f".{name}," in light, name
    for name in used - {"head", "title", "node", "chip", "thin", "web"}:
        assert f".{name} " in dark or f".{name}," in dark, name


def test_a_text_is_cut_with_an_ellipsis_and_no_wider_than_asked() -> None:
    assert cut("short", 100, 12) == "short"
    found = cut("University of Somewhere, Elsewhere", 100, 12)
    assert found.endswith("…")
    assert width(found, 12) <= 100


def test_a_hexagon_is_as_large_as_asked() -> None:
    corners = hexagon(1, 2, 50, 20, "x").split('points="')[1].split('"')[0].split()
    xs, ys = zip(*(map(float, corner.split(",")) for corner in corners), strict=True)
    assert (min(xs), max(xs), min(ys), max(ys)) == (1, 51, 2, 22)
