"""What people are told of services: ways, DNS records, what to open, and the pictures of them."""

import re

import pytest

from components.model.configuration import parse
from components.model.report.diagram import diagram, legend
from components.model.report.network_groups import network_groups
from components.model.report.picture.drawn_links import drawn_links
from components.model.report.readme import readme
from components.model.report.service_tables import services_data, services_section, services_table
from components.model.spec import Spec
from tests.support.drawings import check, draw, text_boxes
from tests.support.examples import TREE, addresses, changed, host_key, lab, overview, read, three_sites
from tests.support.tables import cells

SVG = "{http://www.w3.org/2000/svg}"
SERVICES: dict[str, object] = {
    "web": {"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]},
    "data": {"port": 2811, "hostPort": 2811, "from": ["203.0.113.0/24"], "at": ["open"], "clientAddress": "kept"},
    "www": {"port": 80, "nodePort": 30080, "from": "public", "at": ["open", "oneport"]},
    "behind": {"port": 8443, "nodePort": 30444, "from": "public", "at": ["closed"], "entries": ["oneport"]},
    "dns": {"port": 53, "protocol": "udp", "target": "10.2.0.53", "from": "public", "at": ["closed"]},
    "inside": {"port": 8080, "hostPort": 8081, "at": ["inner1.lab.test"], "entries": ["closed1.lab.test"]},
    "monitor": {"port": 9090, "target": "10.1.0.50:3000", "at": ["gate.lab.test"]},
}


def declared(services: dict[str, object] | None = None, base: dict[str, object] | None = None) -> Spec:
    return parse(changed("services", services or SERVICES, base or three_sites()), read)


@pytest.fixture(scope="module")
def spec() -> Spec:
    return declared()


def data(spec: Spec, name: str, field: str) -> object:
    return services_data(overview(spec))[name][field]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("web", ["client -> open1 (192.0.2.11:443/tcp) -> wg0 -> closed1:30443, closed2:30443"]),
        ("data", ["client -> open1 (192.0.2.11:2811/tcp) -> open1:2811", "client -> open2 (192.0.2.12:2811/tcp) -> open2:2811"]),
        ("www", [
            "client -> open1 (192.0.2.11:80/tcp) -> open1:30080 or wg0 -> open2:30080; else wg0 -> gate:30080, inner1:30080, inner2:30080",
            "client -> open2 (192.0.2.12:80/tcp) -> open2:30080 or wg0 -> open1:30080; else wg0 -> gate:30080, inner1:30080, inner2:30080",
        ]),
        ("dns", ["client -> open1 (192.0.2.11:53/udp) -> wg0 -> closed1, closed2 -> 10.2.0.53:53"]),
        ("inside", ["member of the mesh -> closed1 (192.168.7.6:8080/tcp) -> wg0 -> gate -> inner1:8081"]),
        ("monitor", ["member of the mesh -> gate (192.168.7.3:9090/tcp) -> 10.1.0.50:3000"]),
    ],
)  # fmt: skip
def test_the_way_is_told_from_the_client_to_what_answers(spec: Spec, name: str, paths: list[str]) -> None:
    assert data(spec, name, "paths") == paths


def test_the_output_has_modes_reasons_and_addresses(spec: Spec) -> None:
    assert list(services_data(overview(spec))) == sorted(SERVICES)
    assert (data(spec, "web", "mode"), data(spec, "www", "mode")) == ("tunnel", "direct")
    assert data(spec, "web", "why") == "it runs at closed, without a public node"
    assert data(spec, "web", "addresses") == ["192.0.2.11"]
    assert data(spec, "inside", "addresses") == ["192.168.7.6"], "members of the mesh come to wg0's"
    assert (data(spec, "dns", "port"), data(spec, "dns", "protocol")) == (53, "udp")
    both = declared(
        {
            "web": {
                "port": 443,
                "nodePort": 30443,
                "from": "public",
                "at": ["closed", "open"],
                "entries": ["open", "oneport"],
            }
        }
    )
    assert data(both, "web", "mode") == "direct and tunnel"


def test_dns_records_are_those_of_the_entries(spec: Spec) -> None:
    assert data(spec, "www", "dns") == ["www A 192.0.2.11", "www A 192.0.2.12"]
    assert data(spec, "behind", "dns") == ["behind A 203.0.113.8"]
    assert data(spec, "monitor", "dns") == data(spec, "inside", "dns") == []
    public = {"port": 443, "nodePort": 30443, "from": "public"}
    families = declared({"a": {**public, "at": ["both"]}, "b": {**public, "port": 444, "at": ["both"], "entries": ["named.lab.test"]},
                         "c": {**public, "port": 445, "at": ["six"]}}, addresses())  # fmt: skip
    assert data(families, "a", "dns") == [
        "a AAAA 2001:db8:1::11", "a A 192.0.2.11", "a A, AAAA: copy those of wg.named.test, and keep them up to date",
    ]  # fmt: skip
    assert data(families, "b", "dns") == ["b CNAME wg.named.test."]
    assert data(families, "c", "dns") == ["c AAAA 2001:db8:6::11"]
    assert "client -> dual ([2001:db8:1::11]:443/tcp, 192.0.2.11:443/tcp) -> " in str(data(families, "a", "paths"))


def test_network_groups_are_asked_for_the_ports_of_services(spec: Spec) -> None:
    sheets = dict(
        sheet.split("\n", 1) for sheet in cells(network_groups(overview(spec).requests.values())).split("### ") if sheet
    )  # fmt: skip
    assert "| TCP 443 at 192.0.2.11 | any address | open1.lab.test |" in sheets["open"]
    assert "| TCP 2811 at 192.0.2.12 | 203.0.113.0/24 | open2.lab.test |" in sheets["open"]
    assert "| UDP 53 at 192.0.2.11 | any address | open1.lab.test |" in sheets["open"]
    assert "| TCP 8443 at 203.0.113.8 | any address | gate.lab.test, TCP 8443 at 10.1.0.11 |" in sheets["oneport"]
    assert "Inbound: nothing to open." in sheets["closed"]
    for text in sheets.values():
        assert "8080" not in text, "what is for the mesh comes over wg0"
        assert "9090" not in text
    assert data(spec, "behind", "firewall") == [
        "TCP 8443 at 203.0.113.8 from any address, to gate.lab.test, TCP 8443 at 10.1.0.11"
    ]
    ranges = {"port": 443, "nodePort": 30443, "from": ["203.0.113.0/24", "2001:db8:9::/48"], "at": ["both"]}
    both = declared({"web": ranges}, addresses())
    families = cells(network_groups(overview(both).requests.values()))
    assert "| TCP 443 at 192.0.2.11 | 203.0.113.0/24 | dual.lab.test |" in families
    assert "| TCP 443 at 2001:db8:1::11 | 2001:db8:9::/48 | dual.lab.test |" in families


def test_the_readme_has_a_section_and_nothing_of_it_without_services(spec: Spec) -> None:
    text = readme(overview(spec), "test")
    golden = TREE / "tests/model/files/golden/services.md"
    assert services_section(overview(spec)) == golden.read_text(encoding="utf-8")
    assert services_section(overview(spec)) in text
    assert "The other ports belong to services." in text
    plain = parse(three_sites(), read)
    without = readme(overview(plain), "test")
    assert "ervice" not in without
    assert services_table(overview(plain)) == services_section(overview(plain)) == ""
    assert "ervice" not in diagram(overview(plain)) + legend(overview(plain))


def test_the_flowchart_has_a_box_where_a_service_enters_and_an_arrow_to_where_it_runs(spec: Spec) -> None:
    text = diagram(overview(spec))
    closed, oneport, opened = text.split("subgraph ")[1:4]
    assert '(["web TCP 443"]):::service' in opened
    assert '(["behind TCP 8443"]):::service' in oneport
    assert '(["monitor TCP 9090<br/>mesh only"]):::service' in oneport
    assert '(["inside TCP 8080<br/>mesh only"]):::service' in closed
    boxes = {name: box for box, name in re.findall(r'(s\dv\d)\(\["(\w+)', text)}
    arrows = {tuple(line.split(" ==> ")) for line in re.findall(r"s\dv\d ==> s\d", text)}
    assert arrows == {
        (boxes["web"], "s0"),
        (boxes["behind"], "s0"),
        (boxes["dns"], "s0"),
        (boxes["inside"], "s1"),
    }
    assert "classDef service" in text
    plain = parse(three_sites(), read)
    relayed = [line for line in text.splitlines() if "linkStyle" in line]
    assert relayed == [line for line in diagram(overview(plain)).splitlines() if "linkStyle" in line]
    assert "Rounded boxes are services, where they enter" in legend(overview(spec))


def test_the_picture_shows_them_and_nothing_is_upon_something_else(spec: Spec) -> None:
    root = check(spec)
    said = set(text_boxes(root).values())
    assert {
        "services",
        "web TCP 443",
        "to closed",
        "monitor TCP 9090",
        "mesh only",
        "service, at the site where it enters",
    } <= said
    tips = [
        tip.text
        for e in root.iter(f"{SVG}path")
        if e.get("class") == "serves" and (tip := e.find(f"{SVG}title")) is not None
    ]
    assert sorted(tip or "" for tip in tips if tip) == [
        "traffic of behind to closed",
        "traffic of dns, web to closed",
        "traffic of inside to oneport",
    ]
    serves = {(one.here, one.there): one.serves for one in drawn_links(overview(spec)) if one.serves}
    assert serves == {
        ("closed", "oneport"): {"closed": ["behind"], "oneport": ["inside"]},
        ("closed", "open"): {"closed": ["dns", "web"]},
    }
    assert not [e for e in draw(lab()).iter() if "serv" in (e.get("class") or "")]


@pytest.mark.parametrize("count", [1, 12, 30])
def test_many_services_stay_in_their_boxes(count: int) -> None:
    one = {"nodePort": 30443, "from": "public", "at": ["closed"]}
    many = {f"service-with-a-rather-long-name-{n}": {**one, "port": 1000 + n} for n in range(count)}
    said = text_boxes(check(declared(dict(many)))).values()
    assert any(text.endswith("more") for text in said) == (count > 12)


def test_many_nodes_are_not_all_named() -> None:
    base = three_sites()
    for index in range(20):
        node = {
            "address": f"192.168.7.{100 + index}",
            "ssh": {"host": "203.0.113.9", "port": 3000 + index, "hostKey": host_key(f"more{index}")},
        }
        base = changed(f"sites/closed/nodes/more{index:02}.lab.test", node, base)
    base = changed("sites/open/gateway", "open1.lab.test", base)
    many = declared({"web": SERVICES["web"]}, base)
    assert data(many, "web", "paths") == [
        "client -> open1 (192.0.2.11:443/tcp) -> wg0 -> closed1:30443, closed2:30443, more00:30443 and 19 more"
    ]
