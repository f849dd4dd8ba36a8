"""What a preview tells of the sites: who reaches whom, what network groups are asked for, and a diagram."""

import pytest

from components.model.configuration import parse
from components.model.mesh.routing import Routes, route
from components.model.report.diagram import diagram, legend
from components.model.report.network_groups import network_groups
from components.model.report.reachability_tables import reachability_table, relayed_paths
from components.model.report.readme import readme
from components.model.spec import Spec
from tests.support.examples import changed, example, host_key, overview, read, three_sites
from tests.support.tables import cells


@pytest.fixture(scope="module")
def spec() -> Spec:
    return parse(three_sites(), read)


@pytest.fixture(scope="module")
def routes(spec: Spec) -> Routes:
    return route(spec)


def test_the_table_counts_the_pairs_of_nodes_by_kind(spec: Spec) -> None:
    assert cells(reachability_table(overview(spec))) == (
        "| | closed | oneport | open |\n"
        "| --- | --- | --- | --- |\n"
        "| closed | 1 lan | 2 direct, 4 relay | 4 direct |\n"
        "| oneport | 2 direct, 4 relay | 3 lan | 6 direct |\n"
        "| open | 4 direct | 6 direct | 1 direct |"
    )


def test_relayed_paths_are_folded_by_site(spec: Spec) -> None:
    assert cells(relayed_paths(overview(spec))).splitlines()[2:] == [
        "| both of closed | gate.lab.test | inner1.lab.test, inner2.lab.test (oneport) | 4 |"
    ]
    assert relayed_paths(overview(example())) == ""


def test_pairs_of_one_site_are_folded_too() -> None:
    config = changed("sites/open/gateway", "open1.lab.test", three_sites())
    for name in ("inner1", "inner2"):
        config = changed(f"sites/oneport/nodes/{name}.lab.test/lanAddress", None, config)
    config = changed("sites/oneport/nodes/gate.lab.test/lanAddress", None, config)
    spec = parse(config, read)
    rows = cells(relayed_paths(overview(spec))).splitlines()
    assert "| all 3 of oneport | open1.lab.test | each other | 3 |" in rows


def test_network_groups_are_asked_for_a_port_from_where_to_which_host_and_nothing_more(spec: Spec) -> None:
    sheets = {
        text.split("\n")[0]: text.split("\n")[1:]
        for text in cells(network_groups(overview(spec).requests.values())).split("### ")
    }
    assert [line for line in sheets["oneport"] if "UDP" in line] == [
        "| UDP 4500 at 203.0.113.8 | any address (the configuration has none for closed) | gate.lab.test, UDP 51820 at 10.1.0.11 |",
        "Outbound, and the replies: UDP from the 3 hosts to 192.0.2.11:51820, 192.0.2.12:51820 (open).",
    ]
    assert sheets["closed"][:3] == [
        "Inbound: nothing to open.",
        "",
        "Outbound, and the replies: UDP from the 2 hosts to 203.0.113.8:4500 (oneport); 192.0.2.11:51820, 192.0.2.12:51820 (open).",
    ]
    assert (
        "| UDP 51820 at 192.0.2.12 | any address (the configuration has none for closed) | open2.lab.test |"
        in sheets["open"]
    )


def test_where_all_callers_are_known_their_addresses_are_named() -> None:
    config = three_sites()
    sites = config["sites"]
    assert isinstance(sites, dict)
    del sites["closed"]
    spec = parse(config, read)
    assert "| UDP 51820 at 192.0.2.11 | 203.0.113.8 (oneport) | open1.lab.test |" in cells(
        network_groups(overview(spec).requests.values())
    )


def test_the_diagram_has_sites_as_boxes_and_links_by_kind(spec: Spec) -> None:
    text = diagram(overview(spec))
    assert 'subgraph s1["<b>oneport</b> · middle · LAN 10.1.0.0/24"]' in text
    assert 's1n0{{"gate"}}:::gateway' in text
    assert 's0n0["closed1"]:::closed' in text
    assert [line.strip() for line in text.splitlines() if "s0 " in line and "subgraph" not in line] == [
        's0 -->|"2"| s1',
        's0 -->|"4"| s2',
        's0 -. "4 through gate" .- s1',
    ]
    assert 's1 <-->|"6"| s2' in text
    assert "linkStyle 3 " in text
    assert text.count("subgraph") == text.count("    end\n") == 3


def test_many_sites_are_drawn_without_the_links_that_everybody_has() -> None:
    config = three_sites()
    for number in range(20):
        site = {"institution": "i", "nodes": {}}
        config = changed(f"sites/more{number:02}", site, config)
        for index in range(6):
            node = {
                "address": f"192.168.7.{10 + 6 * number + index}",
                "endpoint": f"198.51.100.{number}:{4000 + index}",
                "ssh": {
                    "host": "h",
                    "port": 4000 + 6 * number + index,
                    "hostKey": host_key(f"more{number}-{index}"),
                },
            }
            config = changed(f"sites/more{number:02}/nodes/m{index}-{number}.lab.test", node, config)
    config = changed("kubernetes/podCidr", "10.128.0.0/12", config)
    spec = parse(config, read)
    text = diagram(overview(spec))
    assert "<-->" not in text
    assert "Sites without a line between them can dial each other." in legend(overview(spec))
    assert '["6 nodes<br/>m0-7 ... m5-7"]:::port' in text
    assert text.count("-->") == 22


def test_a_preview_shows_all_of_it(spec: Spec) -> None:
    text = readme(overview(spec), "test")
    for part in (
        diagram(overview(spec)),
        reachability_table(overview(spec)),
        relayed_paths(overview(spec)),
        network_groups(overview(spec).requests.values()),
    ):
        assert part in text


def test_clients_are_told_and_that_they_come_from_everywhere() -> None:
    config = changed("sites/oneport/clients", "192.168.7.128/25", three_sites())
    spec = parse(changed("clients", {"ada-laptop": {"address": "192.168.7.200"}}, config), read)
    text = cells(readme(overview(spec), "test"))
    assert "| ada-laptop | 192.168.7.200 | gate.lab.test | oneport |" in text
    assert "| UDP 4500 at 203.0.113.8 | any address (roaming clients can be anywhere) | gate.lab.test" in text
    assert "Roaming clients" not in readme(overview(parse(config, read)), "test")
