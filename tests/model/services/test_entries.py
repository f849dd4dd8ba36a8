"""Where services enter, and where their connections go from there."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.configuration import parse
from components.model.files.firewall_conf import firewall_conf
from components.model.firewall.openings import openings
from components.model.plan import plan_of
from components.model.problems import Problems
from components.model.read.fields import Fields
from components.model.read.services import parse_services
from components.model.services.entries import Entry, entries_of, inner_hops
from components.model.services.public_hosts import public_hosts
from components.model.spec import Spec
from tests.support.examples import HOST_KEY, addresses, changed, configuration, host_key, read, three_sites
from tests.support.forms import forms
from tests.support.worlds import Form, World

OPEN1, OPEN2 = "open1.lab.test", "open2.lab.test"
GATE, INNER1, INNER2 = "gate.lab.test", "inner1.lab.test", "inner2.lab.test"
CLOSED1, CLOSED2 = "closed1.lab.test", "closed2.lab.test"


def with_services(base: dict[str, object] | None = None, **services: object) -> Spec:
    """The three sites with services."""
    return parse(changed("services", services, base or three_sites()), read)


def entered(spec: Spec) -> tuple[Entry, ...]:
    """The entries of all services."""
    return entries_of(spec, public_hosts(spec))


def web(base: dict[str, object] | None = None, **fields: object) -> tuple[Entry, ...]:
    """The entries of one service, public if nothing else is said."""
    kind = {} if {"hostPort", "target"} & fields.keys() else {"nodePort": 30443}
    return entered(with_services(base, web={"port": 443, "from": "public", **kind, **fields}))


def ways(found: tuple[Entry, ...]) -> dict[str, tuple[str, list[str]]]:
    """Mode and backends by entry."""
    return {one.node: (one.mode, [f"{back.node}:{back.port}" for back in one.backends]) for one in found}


def test_without_services_nothing_enters() -> None:
    spec = parse(three_sites(), read)
    assert spec.services == ()
    assert entered(spec) == ()
    assert [inner_hops(spec, node) for node in spec.nodes] == [()] * 7


def test_nodes_with_an_address_of_their_own_are_public_and_those_behind_a_router_are_not() -> None:
    found = public_hosts(parse(three_sites(), read))
    assert found.public == {OPEN1: ("192.0.2.11",), OPEN2: ("192.0.2.12",)}
    assert found.forwarded == dict.fromkeys((GATE, INNER1, INNER2), ("203.0.113.8",))


def test_an_address_that_two_hosts_have_is_a_routers() -> None:
    shared = changed(f"sites/open/nodes/{OPEN2}/endpoint", "192.0.2.11:51821", three_sites())
    shared = changed(f"sites/open/nodes/{OPEN2}/ssh/port", 2222, shared)
    found = public_hosts(parse(shared, read))
    assert found.public == {}
    assert found.forwarded[OPEN1] == found.forwarded[OPEN2] == ("192.0.2.11",)
    by_ssh = changed(f"sites/closed/nodes/{CLOSED1}/ssh/host", "192.0.2.12", three_sites())
    assert set(public_hosts(parse(by_ssh, read)).public) == {OPEN1}


def test_a_port_of_the_site_is_not_the_gateways_own_even_if_nobody_else_is_there() -> None:
    alone = {"gate.lab.test": {"address": "192.168.7.3", "ssh": {"host": "gate.lab.test", "hostKey": host_key(GATE)}}}
    found = public_hosts(parse(changed("sites/oneport/nodes", alone, three_sites()), read))
    assert GATE not in found.public
    assert found.forwarded[GATE] == ("203.0.113.8",)


def test_an_address_behind_a_bastion_is_one_of_another_place() -> None:
    behind = changed("sites/closed/ssh/bastion", {"host": "203.0.113.9", "hostKey": HOST_KEY}, three_sites())
    behind = changed(f"sites/closed/nodes/{CLOSED1}/ssh/host", "192.0.2.12", behind)
    assert set(public_hosts(parse(behind, read)).public) == {OPEN1, OPEN2}


def test_a_lan_address_speaks_for_a_router_in_its_own_family_only() -> None:
    config = changed("sites/both/nodes/dual.lab.test/lanAddress", "10.9.0.1", addresses())
    found = public_hosts(parse(config, read))
    assert found.public["dual.lab.test"] == ("2001:db8:1::11",)
    assert found.forwarded["dual.lab.test"] == ("192.0.2.11",)
    named = changed("sites/both/nodes/named.lab.test/lanAddress", "10.9.0.2", addresses())
    assert "named.lab.test" not in public_hosts(parse(named, read)).public


def test_what_runs_at_a_public_site_enters_there_at_all_its_public_nodes() -> None:
    found = web(at=["open"])
    assert ways(found) == {
        OPEN1: ("direct", [f"{OPEN1}:30443", f"{OPEN2}:30443"]),
        OPEN2: ("direct", [f"{OPEN2}:30443", f"{OPEN1}:30443"]),
    }
    assert [one.addresses for one in found] == [("192.0.2.11",), ("192.0.2.12",)]
    assert {one.why for one in found} == {"it runs at open, with public nodes"}


def test_a_public_node_of_the_site_is_an_entry_also_where_the_service_runs_on_another_one() -> None:
    assert ways(web(at=[OPEN2])) == {OPEN1: ("direct", [f"{OPEN2}:30443"]), OPEN2: ("direct", [f"{OPEN2}:30443"])}


def test_what_runs_at_a_closed_site_enters_at_a_public_node_of_the_others() -> None:
    found = web(at=["closed"])
    assert ways(found) == {OPEN1: ("tunnel", [f"{CLOSED1}:30443", f"{CLOSED2}:30443"])}
    assert found[0].why == "it runs at closed, without a public node"
    gateway = changed("sites/open/gateway", OPEN2, three_sites())
    assert set(ways(web(gateway, at=["closed"]))) == {OPEN2}, "a site's gateway before its other nodes"


def test_the_closed_sites_are_backups_of_the_open_ones() -> None:
    found = web(at=["closed", "open"])
    assert ways(found)[OPEN1] == (
        "direct",
        [f"{OPEN1}:30443", f"{OPEN2}:30443", f"{CLOSED1}:30443", f"{CLOSED2}:30443"],
    )
    assert found[0].why == "it runs at open, with public nodes; backends at closed, without one, are backups over wg0"


def test_direct_does_not_leave_the_site() -> None:
    config = configuration()
    found = entered(with_services(config, web={"port": 443, "nodePort": 30443, "from": "public", "mode": "direct"}))
    assert len(found) == len({one.node for one in found}) == 7
    spec = parse(config, read)
    for one in found:
        assert {spec.node(back.node).site for back in one.backends} == {spec.node(one.node).site}
        assert one.backends[0].node == one.node or "worker" not in spec.node(one.node).roles


def test_tunnel_enters_where_it_does_not_run_also_when_it_could() -> None:
    config = changed("sites/more", {"institution": "m", "nodes": {"more.lab.test": {
        "address": "192.168.7.9", "endpoint": "192.0.2.99", "ssh": {"hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ5vTV0EVsgTHDpsJzYo1Ry3sLzSAs0zNmpsMtOTsOm"}}}}, three_sites())  # fmt: skip
    assert set(ways(web(config, at=["open"], mode="tunnel"))) == {"more.lab.test"}
    assert set(ways(web(config, at=["closed"], mode="tunnel"))) == {"more.lab.test", OPEN1}
    assert {one.why for one in web(config, at=["open"], mode="tunnel")} == {"`mode: tunnel`"}


def test_the_default_is_all_workers_and_the_mesh() -> None:
    spec = with_services(web={"port": 8080, "hostPort": 8081})
    assert spec.services[0].nodes == tuple(node.name for node in spec.nodes if "worker" in node.roles)
    found = entered(spec)
    assert {one.node for one in found} == set(spec.services[0].nodes)
    assert {one.addresses for one in found} == {()}
    assert {one.mode for one in found} == {"direct"}
    assert ways(found)[GATE][1][:3] == [f"{GATE}:8081", f"{INNER1}:8081", f"{INNER2}:8081"]
    assert str(found[0].backends[0].address) == "192.168.7.6"


def test_the_default_is_no_node_without_the_role_worker() -> None:
    spec = with_services(configuration(), web={"port": 8080, "nodePort": 30080})
    assert [name.partition(".")[0] for name in spec.services[0].nodes] == [
        "msu001",
        "umich001",
        "uchicago005",
        "uvic001",
    ]


def test_a_site_stands_for_its_workers_and_for_all_where_it_has_none() -> None:
    config = changed("sites/mwt2/nodes/uchicago005.hl-lhc.io/roles", ["control-plane"], configuration())
    some = with_services(configuration(), web={"port": 443, "nodePort": 30443, "at": ["mwt2"]})
    everyone = with_services(config, web={"port": 443, "nodePort": 30443, "at": ["mwt2"]})
    assert some.services[0].nodes == ("uchicago005.hl-lhc.io",)
    assert len(everyone.services[0].nodes) == 4


def test_a_target_has_an_inner_hop_at_each_of_its_nodes_and_the_services_port_there() -> None:
    spec = with_services(lan={"port": 9000, "target": "10.2.0.50:9001", "at": ["closed"], "from": "public"})
    assert ways(entered(spec)) == {OPEN1: ("tunnel", [f"{CLOSED1}:9000", f"{CLOSED2}:9000"])}
    hops = {node.name: [one.target for one in inner_hops(spec, node)] for node in spec.nodes if inner_hops(spec, node)}
    assert hops == {CLOSED1: [("10.2.0.50", 9001)], CLOSED2: [("10.2.0.50", 9001)]}
    assert with_services(lan={"port": 9000, "target": "h", "at": ["closed"]}).services[0].target == ("h", 9000)


def test_the_mesh_comes_to_a_targets_inner_hop_itself() -> None:
    spec = with_services(lan={"port": 9000, "target": "10.2.0.50", "at": ["closed"]})
    assert entered(spec) == (), "another listener at the same address and port could not be"
    spec = with_services(lan={"port": 9000, "target": "10.2.0.50", "at": ["closed"], "entries": ["closed", OPEN1]})
    assert ways(entered(spec)) == {OPEN1: ("tunnel", [f"{CLOSED1}:9000", f"{CLOSED2}:9000"])}


def test_named_entries_may_be_behind_a_router() -> None:
    found = web(at=["closed"], entries=["oneport"])
    assert ways(found) == {GATE: ("tunnel", [f"{CLOSED1}:30443", f"{CLOSED2}:30443"])}, "one host for one address"
    assert found[0].addresses == ("203.0.113.8",)
    assert found[0].why == "declared in `entries`: the router in front of the node must forward the port"
    assert set(ways(web(at=["closed"], entries=[INNER1]))) == {INNER1}
    named = web(at=["closed", "open"], entries=["open", INNER2])
    assert {one.node: one.mode for one in named} == {INNER2: "tunnel", OPEN1: "direct", OPEN2: "direct"}
    assert {one.why for one in named if one.node == OPEN1} == {"declared in `entries`"}


def test_a_node_that_is_named_is_an_entry_at_the_router_of_the_other_family_too() -> None:
    base = changed("sites/both/nodes/dual.lab.test/lanAddress", "10.9.0.1", addresses())
    (named,) = web(base, at=["four"], entries=["dual.lab.test"])
    assert named.addresses == ("2001:db8:1::11", "192.0.2.11")
    assert named.why == "declared in `entries`: the router in front of the node must forward the port"
    of_site = {one.node: one.addresses for one in web(base, at=["four"], entries=["both"])}
    assert of_site["dual.lab.test"] == ("2001:db8:1::11",), "a site stands for its public nodes"


def test_a_kept_address_is_kept_by_the_node_itself_alone() -> None:
    found = web(hostPort=443, clientAddress="kept")
    assert ways(found) == {OPEN1: ("direct", [f"{OPEN1}:443"]), OPEN2: ("direct", [f"{OPEN2}:443"])}
    forwarded = web(hostPort=443, clientAddress="kept", entries=[GATE])
    assert ways(forwarded) == {GATE: ("direct", [f"{GATE}:443"])}


def test_addresses_are_of_the_families_that_clients_have() -> None:
    def of(**fields: object) -> dict[str, tuple[str, ...]]:
        return {one.node: one.addresses for one in web(addresses(), at=["both"], **fields)}

    both = {"dual.lab.test": ("2001:db8:1::11", "192.0.2.11"), "named.lab.test": ("wg.named.test",)}
    assert of() == both
    four = {"dual.lab.test": ("192.0.2.11",), "named.lab.test": ("wg.named.test",)}
    assert of(**{"from": ["203.0.113.0/24"]}) == four
    assert of(protocol="udp") == four, "UDP packets are readdressed, and wg0 is IPv4"
    assert of(protocol="udp", hostPort=443, clientAddress="kept") == both, "but not where they stay on the host"
    six = {one.node: one.addresses for one in web(addresses(), at=["four"], **{"from": ["2001:db8::/32"]})}
    assert six == {"dual.lab.test": ("2001:db8:1::11",), "six.lab.test": ("2001:db8:6::11",)}


def test_numbers_may_be_as_pulumi_carries_them() -> None:
    spec = with_services(web={"port": 443.0, "nodePort": 30443.0})
    assert (spec.services[0].port, spec.services[0].node_port) == (443, 30443)


def test_ports_of_entries_are_open_in_the_hosts_firewall_and_no_others() -> None:
    config = changed("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"]}, three_sites())
    plain = parse(config, read)
    spec = with_services(
        config,
        web={"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]},
        dns={"port": 53, "protocol": "udp", "hostPort": 5353, "from": ["198.51.100.0/24"], "at": ["open"]},
        inside={"port": 8080, "hostPort": 8081},
        lan={"port": 9000, "target": "10.2.0.50", "at": ["closed"], "from": "public"},
    )

    def opened(one: Spec, name: str) -> list[str]:
        found = openings(plan_of(one), one.node(name))
        assert found
        return firewall_conf(found).splitlines()

    def more(name: str) -> list[str]:
        before, after = (opened(one, name) for one in (plain, spec))
        return [line for line in after if line not in before]

    assert more(OPEN1) == ["udp 53", "tcp 443", "tcp 9000"]
    assert more(OPEN2) == ["udp 53"]
    for name in (CLOSED1, GATE, INNER1):
        assert more(name) == []


def declared(world: World, **fields: object) -> Spec:
    """A world in which one service is declared."""
    spec, problems = world.spec(), Problems()
    service: dict[str, Any] = {"web": {"port": 443, "nodePort": 30443, "from": "public", **fields}}
    services = parse_services(Fields(service, "services", problems), spec.sites)
    problems.raise_if_any()
    return replace(spec, services=services)


def really_public(world: World) -> set[str]:
    """Who really has an address of its own, as far as the sites' declarations tell: the world's own knowledge."""
    users: dict[str, set[str]] = {}
    for host in world.hosts.values():
        for address, _ in [(f"dns.{host.name}", 0)] if host.named and host.public else host.public:
            users.setdefault(address, set()).add(host.name)
    found = set()
    for host in world.hosts.values():
        own = [address for address in users if users[address] == {host.name}]
        hidden = [address for address in own if host.lan and ":" not in address]
        if host.site not in world.site_ports and len(own) > len(hidden):
            found.add(host.name)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(forms(), min_size=1, max_size=6), st.data())
def test_in_any_world_auto_enters_where_clients_come_and_goes_to_where_it_runs(
    sites: list[Form], data: st.DataObject
) -> None:
    world = World(sites)
    words = sorted({host.site for host in world.hosts.values()} | set(world.hosts))
    at = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=4))
    spec = declared(world, at=at)
    runs = {name for name in world.hosts if name in at or world.hosts[name].site in at}
    sites_of_it = {world.hosts[name].site for name in runs}
    public = really_public(world)
    found = entered(spec)
    own = {name for name in public if world.hosts[name].site in sites_of_it}
    assert set(public_hosts(spec).public) == public
    if own:
        assert {one.node for one in found} == own
    else:
        assert {one.node for one in found} <= public
        assert len(found) == len({world.hosts[name].site for name in public}), "one at each site that has any"
    for one in found:
        names = [back.node for back in one.backends]
        assert sorted(names) == sorted(runs)
        distance = [
            0 if n == one.node else 1 if world.hosts[n].site == world.hosts[one.node].site else 2 for n in names
        ]
        assert distance == sorted(distance), "the nearest first"
        assert (one.mode == "direct") == (world.hosts[one.node].site in sites_of_it)
        assert [str(back.address) for back in one.backends] == [world.hosts[name].mesh for name in names]


@pytest.mark.parametrize("mode", ["direct", "tunnel"])
@settings(max_examples=30, deadline=None)
@given(sites=st.lists(forms(), min_size=1, max_size=5), seed=st.integers(0, 100))
def test_in_any_world_direct_stays_at_a_site_and_tunnel_leaves_it(mode: str, sites: list[Form], seed: int) -> None:
    world = World(sites)
    site = sorted({host.site for host in world.hosts.values()})[seed % len(sites)]
    for one in entered(declared(world, at=[site], mode=mode)):
        assert one.mode == mode
        here = world.hosts[one.node].site
        assert all((world.hosts[back.node].site == here) == (mode == "direct") for back in one.backends)
