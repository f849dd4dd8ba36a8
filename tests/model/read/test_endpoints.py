"""Families of addresses, names, and ways of SSH: what is read, what is refused, and what texts for people say."""

import re
from ipaddress import IPv6Address
from itertools import combinations

import pytest

from components.model.configuration import parse
from components.model.files.wireguard import peer_section
from components.model.mesh.peers import peers_of
from components.model.mesh.reachability import DIRECT, LAN, RELAY
from components.model.mesh.routing import route
from components.model.report.diagram import diagram
from components.model.report.network_groups import network_groups
from components.model.report.readme import readme
from components.model.spec import Bastion, Spec
from components.model.spec.families import IPV4, IPV6
from tests.support.examples import HOST_KEY, addresses, changed, host_key, overview, read, three_sites
from tests.support.mistakes import Mistake, messages, mistakes

BOTH = "sites/both"
DUAL = f"{BOTH}/nodes/dual.lab.test"
NAMED = f"{BOTH}/nodes/named.lab.test"
SIX = "sites/six/nodes/six.lab.test"
FOUR = "sites/four/nodes/four.lab.test"
CLOSED = "sites/closed/nodes/closed.lab.test"


def spec_of(path: str = "", value: object = None) -> Spec:
    return parse(changed(path, value, addresses()) if path else addresses(), read)


def problems(path: str, value: object, config: dict[str, object] | None = None) -> list[str]:
    return messages(changed(path, value, config or addresses()))


def test_families_are_the_nodes_own_its_sites_or_those_of_its_endpoints_or_ipv4() -> None:
    assert {node.name.partition(".")[0]: node.families for node in spec_of().nodes} == {
        "dual": (IPV4, IPV6),
        "named": (IPV4, IPV6),
        "six": (IPV6,),
        "four": (IPV4,),
        "closed": (IPV4,),
    }
    assert spec_of(f"{SIX}/ipFamilies", ["IPv6", "IPv4"]).node("six.lab.test").families == (IPV6, IPV4)
    assert parse(changed(f"{BOTH}/ipFamilies", None, addresses()), read).node("dual.lab.test").families == (IPV6, IPV4)


def test_pairs_are_direct_where_they_have_a_family_in_common_and_relayed_where_they_have_not() -> None:
    routes = route(spec_of())
    kinds = {
        (one, other): routes.kind(f"{one}.lab.test", f"{other}.lab.test")
        for one, other in combinations(("dual", "named", "six", "four", "closed"), 2)
    }
    relayed = {("six", "four"), ("six", "closed")}
    assert {pair for pair, kind in kinds.items() if kind == RELAY} == relayed
    assert {kind for pair, kind in kinds.items() if pair not in relayed} == {DIRECT}
    assert routes.path("six.lab.test", "closed.lab.test")[1:-1] == ("dual.lab.test",)


def test_a_name_is_left_to_the_host_with_the_families_that_the_two_have_in_common() -> None:
    spec = spec_of()
    routes = route(spec)

    def section(speaker: str) -> list[str]:
        actual = {peer.name: peer for peer in peers_of(spec, routes, spec.node(f"{speaker}.lab.test"))}
        return peer_section(actual["named.lab.test"], "KEY").splitlines()

    assert section("four")[2] == "# resolve: wg.named.test 51820 IPv4"
    assert section("six")[2] == "# resolve: wg.named.test 51820 IPv6"
    assert section("dual")[2] == "# resolve: wg.named.test 51820 IPv4 IPv6"
    assert not [line for line in section("four") if line.startswith("Endpoint")]


def test_each_of_several_gateways_may_have_its_port_in_both_families() -> None:
    config = changed("sites/oneport/gateway", ["gate.lab.test", "inner1.lab.test"], three_sites())
    listed = [["203.0.113.8:4500", "[2001:db8:8::1]:4500"], "203.0.113.8:4501"]
    spec = parse(changed("sites/oneport/endpoint", listed, config), read)
    assert [str(one) for one in spec.node("gate.lab.test").endpoints] == ["203.0.113.8:4500", "[2001:db8:8::1]:4500"]
    assert [str(one) for one in spec.node("inner1.lab.test").endpoints] == ["203.0.113.8:4501"]
    flat = changed("sites/oneport/endpoint", listed[0], three_sites())
    assert len(parse(flat, read).node("gate.lab.test").endpoints) == 2, "of one gateway it is one port"
    two = changed("sites/oneport/endpoint", ["203.0.113.8:4500", "203.0.113.8:4501"], three_sites())
    assert any("2 ports, and the site has 1 `gateway`" in one for one in problems("mesh/mtu", 1420, two))


def test_a_lan_may_be_of_either_family() -> None:
    config = changed("sites/oneport/lan", "fd00:1::/64", three_sites())
    for index, name in enumerate(("gate", "inner1", "inner2")):
        config = changed(f"sites/oneport/nodes/{name}.lab.test/lanAddress", f"FD00:1::{index + 1}", config)
    spec = parse(config, read)
    assert spec.node("inner1.lab.test").lan_address == IPv6Address("fd00:1::2")
    routes = route(spec)
    assert routes.kind("inner1.lab.test", "inner2.lab.test") == LAN
    one, other = (spec.node(f"inner{number}.lab.test") for number in (1, 2))
    assert str(routes.reachability.endpoint(one, other)) == "[fd00:1::3]:51820"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{DUAL}/endpoint", ["192.0.2.11", "192.0.2.99:1"], ("sites.both.nodes.dual.lab.test.endpoint", "family-twice")),
        (f"{DUAL}/endpoint", ["192.0.2.11", "wg.example.org"], ("sites.both.nodes.dual.lab.test.endpoint", "name-in-list")),
        (f"{DUAL}/endpoint", ["192.0.2.11", 6], ("sites.both.nodes.dual.lab.test.endpoint", "not-a-text")),
        (f"{DUAL}/endpoint", ["[2001:db8::1]:0"], ("sites.both.nodes.dual.lab.test.endpoint", "not-an-endpoint")),
        (f"{DUAL}/ipFamilies", ["IPv5"], ("sites.both.nodes.dual.lab.test.ipFamilies", "not-a-family")),
        (f"{BOTH}/ipFamilies", [], ("sites.both.ipFamilies", "not-a-family")),
        (f"{BOTH}/ipFamilies", "IPv6", ("sites.both.ipFamilies", "not-a-list")),
        (f"{DUAL}/ipFamilies", ["IPv4"], ("sites.both.nodes.dual.lab.test.ipFamilies", "family-not-declared")),
        (f"{FOUR}/endpoint", ["198.51.100.11", "2001:DB8:6:0::11"], ("sites.six.nodes.six.lab.test.endpoint", "taken")),
        (f"{CLOSED}/lanAddress", "fe80::1", ("sites.closed.nodes.closed.lab.test.lanAddress", "special-addresses")),
        ("sites/both/lan", "2001:db8:1::7/64", ("sites.both.lan", "not-a-network")),
        (f"{CLOSED}/ssh/port", 0, ("sites.closed.nodes.closed.lab.test.ssh.port", "not-a-number")),
        ("sites/closed/ssh/bastion/hostKey", None, ("sites.closed.ssh.bastion.hostKey", "missing")),
        ("sites/closed/ssh/bastion/host", None, ("sites.closed.ssh.bastion.host", "missing")),
        ("sites/closed/ssh/bastion/host", "a b", ("sites.closed.ssh.bastion.host", "not-a-host")),
        ("sites/closed/ssh/bastion/hots", "x", ("sites.closed.ssh.bastion.hots", "unknown-field")),
        ("sites/closed/ssh/bastion", "jump.example.org", ("sites.closed.ssh.bastion", "not-a-mapping")),
        ("sites/closed/ssh/host", "x", ("sites.closed.ssh.host", "unknown-field")),
        (f"{FOUR}/ssh/bastion", {"host": "192.0.2.1", "hostKey": "x"}, ("sites.four.nodes.four.lab.test.ssh.bastion.hostKey", "not-a-host-key")),
    ],
)  # fmt: skip
def test_a_mistake_is_reported(path: str, value: object, expected: Mistake) -> None:
    assert expected in mistakes(changed(path, value, addresses()))


def test_lan_addresses_of_one_site_are_of_one_family() -> None:
    config = changed(f"{NAMED}/lanAddress", "fd00::2", changed(f"{DUAL}/lanAddress", "10.1.0.1", addresses()))
    assert problems("mesh/mtu", 1420, config) == [
        "sites.both.nodes.named.lab.test.lanAddress: fd00::2 is IPv6, and dual.lab.test has 10.1.0.1; "
        "write the LAN addresses of one site in one family"
    ]


def test_a_pair_without_a_family_in_common_and_without_a_gateway_is_reported_with_the_remedies() -> None:
    actual = problems(f"{BOTH}/gateway", None)
    assert len(actual) == 2
    assert actual[1] == (
        "sites.four.nodes.four.lab.test.endpoint: four.lab.test and six.lab.test cannot reach each other: four.lab.test "
        "has IPv4 only and the endpoint of six.lab.test is IPv6; six.lab.test has IPv6 only and the endpoint of "
        "four.lab.test is IPv4; write `ipFamilies: [IPv4, IPv6]` at four.lab.test if it can send in both, or a list of two "
        "endpoints at six.lab.test, one of each family, or have dual.lab.test, which reaches both, carry their packets: "
        "write `gateway: dual.lab.test` at the site both"
    )
    assert "closed.lab.test has IPv4 only and the endpoint of six.lab.test is IPv6" in actual[0]


def cells(text: str) -> str:
    return re.sub(r"-{3,}", "---", re.sub(" +", " ", text))


def test_network_groups_get_a_request_for_each_family() -> None:
    spec = spec_of()
    text = cells(network_groups(overview(spec).requests.values()))
    sheet = {part.split("\n")[0]: part for part in text.split("### ")}
    assert (
        "| UDP 51820 at 2001:db8:1::11 | wg.named.test (both); 2001:db8:6::11 (six) | dual.lab.test |"
        not in sheet["both"]
    ), "named stands at the same site"
    assert "| UDP 51820 at 2001:db8:1::11 | 2001:db8:6::11 (six) | dual.lab.test |" in sheet["both"]
    assert (
        "| UDP 51820 at 192.0.2.11 | any address (the configuration has none for closed) | dual.lab.test |"
        in sheet["both"]
    )
    assert "| UDP 51820 at 2001:db8:6::11 | 2001:db8:1::11, wg.named.test (both) | six.lab.test |" in sheet["six"]
    assert "UDP from six.lab.test to [2001:db8:1::11]:51820, wg.named.test:51820 (both)." in sheet["six"]
    assert (
        "UDP from closed.lab.test to 192.0.2.11:51820, wg.named.test:51820 (both); 198.51.100.11:51820 (four)."
        in sheet["closed"]
    )


def test_an_ipv6_port_is_requested_from_ipv6_addresses() -> None:
    config = changed(f"{CLOSED}/ipFamilies", ["IPv6"], addresses())
    spec = parse(config, read)
    text = cells(network_groups(overview(spec).requests.values()))
    assert "| UDP 51820 at 2001:db8:6::11 | any IPv6 address (the configuration has none for closed) |" in text


def test_the_diagram_and_the_table_of_nodes_show_the_families() -> None:
    spec = spec_of()
    text = diagram(overview(spec))
    assert '["<b>six</b> · middle · IPv6"]' in text
    assert '["<b>both</b> · north · IPv4 and IPv6"]' in text
    assert '["<b>four</b> · south"]' in text
    assert "| [2001:db8:1::11]:51820, 192.0.2.11:51820 |" in readme(overview(spec), "test")


def test_the_nearest_bastion_and_user_win() -> None:
    target = spec_of().node("closed.lab.test").ssh
    assert target.bastion == Bastion("203.0.113.9", 2022, "jump", HOST_KEY)
    assert (target.host, target.port, target.user) == ("10.4.0.11", 2222, "admin")
    everybodys = {"host": "192.0.2.200", "hostKey": HOST_KEY}
    config = changed("ssh/bastion", everybodys, addresses())
    spec = parse(changed(f"{FOUR}/ssh/bastion", False, changed(f"{SIX}/ssh/bastion", "none", config)), read)
    bastions = {node.name.partition(".")[0]: node.ssh.bastion and node.ssh.bastion.host for node in spec.nodes}
    assert bastions == {
        "dual": "192.0.2.200",
        "named": "192.0.2.200",
        "six": None,
        "four": None,
        "closed": "203.0.113.9",
    }
    dual = spec.node("dual.lab.test").ssh.bastion
    assert dual is not None
    assert (dual.port, dual.user) == (22, "root")


def test_two_hosts_may_have_one_address_behind_different_bastions_only() -> None:
    twin = "sites/closed/nodes/twin.lab.test"
    ssh: dict[str, object] = {"host": "10.4.0.11", "port": 2222, "hostKey": host_key("twin")}
    actual = problems(twin, {"address": "192.168.8.9", "ssh": ssh})
    expected = "ssh.host: 10.4.0.11:2222 behind 203.0.113.9:2022 is already used by closed.lab.test"
    assert any(expected in one for one in actual)
    ssh["bastion"] = {"host": "203.0.113.10", "hostKey": HOST_KEY}
    config = changed(twin, {"address": "192.168.8.9", "ssh": ssh}, addresses())
    assert parse(config, read).node("twin.lab.test").ssh.place == "10.4.0.11:2222 behind 203.0.113.10:22"
