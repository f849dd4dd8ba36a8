"""When a gateway is down, every pair that another one connects is connected; packets walk in simulator.py."""

import random
import subprocess
from copy import copy
from ipaddress import IPv4Network
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.configuration import parse
from components.model.files.failover_conf import failover_conf
from components.model.mesh.failover import MAX_PROBED_USERS, watch_of
from components.model.mesh.routing import Routes, route
from components.model.report.failover_table import failover_table
from components.model.report.readme import readme
from components.model.spec import Spec
from tests.support import simulator
from tests.support.examples import TREE, changed, example, overview, read, three_sites
from tests.support.forms import forms
from tests.support.mesh_files import all_files, files
from tests.support.roaming import Roaming
from tests.support.simulator import Interface, Network
from tests.support.worlds import Form, World, random_world

SETTLE = TREE / "components/hosts/scripts/node/settle.awk"


def confs(spec: Spec, routes: Routes) -> dict[str, str]:
    return {node.name: failover_conf(watch_of(spec, routes, node)) for node in spec.nodes}


def switched(interface: Interface, conf: str, *gone: str) -> Interface:
    """What a host has when it has found gateways, named by their addresses, to be down."""
    moved: set[str] = set()
    result = Interface(
        interface.address, interface.forwards, {key: copy(peer) for key, peer in interface.peers.items()}
    )
    owner = {address: key for key, peer in interface.peers.items() for address in peer.allowed[:1]}
    for line in conf.splitlines():
        words = line.split()
        if words[0] == "when" and words[1] in gone and words[3] not in gone:
            going = set(words[5:]) - moved
            moved |= going
            for peer in result.peers.values():
                peer.allowed = [one for one in peer.allowed if one not in going]
                peer.ranges = [one for one in peer.ranges if str(one) not in going]
            result.peers[owner[words[3]]].allowed += [one for one in going if "/" not in one]
            result.peers[owner[words[3]]].ranges += [IPv4Network(one) for one in going if "/" in one]
    return result


def without(world: World, gone: str) -> dict[str, set[str]]:
    """Whom any routing at all could connect with whom when a gateway is dead."""
    neighbours = {one: row - {gone} for one, row in world.neighbours().items()}
    rest = copy(world)
    rest.gateways = world.gateways - {gone}
    return {name: rest.connected(name, neighbours) for name in world.hosts.keys() - {gone}}


def check(world: World) -> int:
    """Let each gateway that carries something die; return how many pairs another one took over."""
    spec = world.spec()
    routes = route(spec)
    normal = {name: simulator.parse(text) for name, text in files(spec, routes).items()}
    watches = confs(spec, routes)
    saved = 0
    for gone in routes.carriers:
        other_way = {name: switched(normal[name], watches[name], world.hosts[gone].mesh) for name in world.hosts}
        for name, interface in other_way.items():
            before, after = (sorted(a for p in i.peers.values() for a in p.allowed) for i in (normal[name], interface))
            assert before == after, f"{name}: addresses were lost or doubled"
        assert other_way[gone] == normal[gone]
        dead, unnoticed = (Network(world, i, frozenset({gone})) for i in (other_way, normal))
        alive = Network(world, other_way)
        possible = without(world, gone)
        for one, other in permutations(possible, 2):
            result = dead.deliver(one, other)
            if other in possible[one]:
                assert result == "delivered", f"{one} -> {other} without {gone}: {result}"
                saved += unnoticed.deliver(one, other) != "delivered"
            else:
                assert result != "delivered"
        for one, other in permutations(world.hosts, 2):
            assert (alive.deliver(one, other) == "delivered") == (other in routes.next_hops[one]), (
                f"{one} -> {other} while {gone} is but thought dead"
            )
    return saved


@settings(max_examples=100, deadline=None)
@given(st.lists(forms(), min_size=1, max_size=5))
def test_when_a_gateway_is_dead_every_pair_that_another_connects_is_delivered(sites: list[Form]) -> None:
    check(World(sites))


@settings(max_examples=60, deadline=None)
@given(st.lists(forms(), min_size=2, max_size=5))
def test_roaming_clients_go_other_ways_too_when_a_gateway_behind_theirs_is_dead(sites: list[Form]) -> None:
    world = Roaming(sites, each=1)
    spec = world.spec()
    routes = route(spec)
    normal = {name: simulator.parse(text) for name, text in all_files(spec).items()}
    watches = confs(spec, routes)
    for gone in routes.carriers:
        then = {name: switched(one, watches.get(name, ""), world.hosts[gone].mesh) for name, one in normal.items()}
        dead = Network(world, then, frozenset({gone}))
        possible = without(world, gone)
        for client, door in world.clients.items():
            for node in possible.get(door, ()):
                for start, end in ((client, node), (node, client)):
                    assert dead.deliver(start, end) == "delivered", f"{start} -> {end} without {gone}"


@settings(max_examples=1, deadline=None)
@given(st.integers(0, 2**32))
def test_they_are_with_a_hundred_nodes(seed: int) -> None:
    assert check(random_world(random.Random(seed), sites=24, most=8)) > 0  # noqa: S311 - no secret


@settings(max_examples=60, deadline=None)
@given(st.lists(forms(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_while_only_some_have_noticed_no_packet_goes_in_circles_and_no_other_pair_suffers(
    sites: list[Form], source: random.Random
) -> None:
    world = World(sites)
    spec = world.spec()
    routes = route(spec)
    normal = {name: simulator.parse(text) for name, text in files(spec, routes).items()}
    watches = confs(spec, routes)
    for gone in routes.carriers:
        some = {
            name: switched(normal[name], watches[name], world.hosts[gone].mesh)
            if source.random() < 0.5
            else normal[name]
            for name in world.hosts
        }
        network = Network(world, some)
        for one, other in permutations(world.hosts, 2):
            result = network.deliver(one, other)
            assert "circles" not in result
            if other in routes.next_hops[one] and gone not in routes.path(one, other)[1:-1]:
                assert result == "delivered", f"{one} -> {other}: {result}"


@settings(max_examples=60, deadline=None)
@given(st.lists(forms(), min_size=3, max_size=6), st.randoms(use_true_random=False))
def test_when_two_gateways_are_dead_pairs_that_lost_one_and_do_not_need_the_other_are_delivered(
    sites: list[Form], source: random.Random
) -> None:
    world = World(sites)
    spec = world.spec()
    routes = route(spec)
    if len(routes.carriers) < 2:
        return
    normal = {name: simulator.parse(text) for name, text in files(spec, routes).items()}
    watches = confs(spec, routes)
    two = source.sample(sorted(routes.carriers), 2)
    addresses = [world.hosts[name].mesh for name in two]
    network = Network(
        world, {name: switched(normal[name], watches[name], *addresses) for name in world.hosts}, frozenset(two)
    )
    for one, other in permutations(world.hosts.keys() - set(two), 2):
        result = network.deliver(one, other)
        assert "circles" not in result
        if other in routes.next_hops[one]:
            lost = set(routes.path(one, other)) & set(two)
            if not lost:
                assert result == "delivered"
            for gone in lost if len(lost) == 1 else ():
                detour = routes.detour(gone, one, other)
                if detour and not set(detour) & set(two):
                    assert result == "delivered", f"{one} -> {other} without {two}: {result}"


def settled(conf: str, wg0: str, running: str, state: str, place: Path) -> str:
    """What settle.awk would have `wg set` do to the running wg0."""
    words = []
    for number, text in enumerate((state, conf, wg0, running), 1):
        (place / str(number)).write_text(text, encoding="utf-8")
        words += [f"file={number}", str(place / str(number))]
    return subprocess.run(["awk", "-f", str(SETTLE), *words], text=True, capture_output=True, check=True).stdout


def shown(interface: Interface) -> str:
    """The output of `wg show wg0 allowed-ips`."""
    return "".join(f"{key}\t{' '.join(everything(p))}\n" for key, p in interface.peers.items())


def everything(peer: simulator.Peer) -> list[str]:
    """All AllowedIPs of a peer."""
    return [f"{one}/32" for one in peer.allowed] + [str(network) for network in peer.ranges]


def set_by(interface: Interface, text: str) -> Interface:
    """What a kernel makes of these words of `wg set`: a peer has what is listed, in the order of the peers."""
    peers = {key: copy(peer) for key, peer in interface.peers.items()}
    for line in text.splitlines():
        if not line.startswith("#"):
            _, key, _, listed = line.split()
            addresses = [one.removesuffix("/32") for one in listed.split(",")]
            for peer in peers.values():
                peer.allowed = [one for one in peer.allowed if one not in addresses]
                peer.ranges = [one for one in peer.ranges if str(one) not in addresses]
            peers[key].allowed = [one for one in addresses if "/" not in one]
            peers[key].ranges = [IPv4Network(one) for one in addresses if "/" in one]
    return Interface(interface.address, interface.forwards, peers)


@settings(max_examples=15, deadline=None)
@given(st.lists(forms(), min_size=2, max_size=4))
def test_the_hosts_own_script_does_what_the_file_says_and_takes_it_back(sites: list[Form]) -> None:
    world = Roaming(sites, each=1)
    spec = world.spec()
    routes = route(spec)
    texts, watches = files(spec, routes), confs(spec, routes)
    with TemporaryDirectory() as directory:
        place = Path(directory)
        for gone in routes.carriers:
            address = world.hosts[gone].mesh
            for name in world.hosts:
                if f"when {address} " not in watches[name]:
                    continue
                normal = simulator.parse(texts[name])
                down = f"gateway {address} {gone} down 1 -\n"
                moved = set_by(normal, settled(watches[name], texts[name], shown(normal), down, place))
                expected = switched(normal, watches[name], address)
                assert {k: sorted(everything(p)) for k, p in moved.peers.items()} == {
                    k: sorted(everything(p)) for k, p in expected.peers.items()
                }
                assert settled(watches[name], texts[name], shown(moved), down, place) == ""
                back = set_by(
                    moved, settled(watches[name], texts[name], shown(moved), down.replace("down", "up"), place)
                )
                assert {k: sorted(everything(p)) for k, p in back.peers.items()} == {
                    k: sorted(everything(p)) for k, p in normal.peers.items()
                }


TWO_GATES = Form(3, frozenset(), frozenset({0, 1, 2}), gateway=0, site_port=True, second=1, second_port=True)
CLOSED = Form(nodes=2, own_ports=frozenset(), lan=frozenset({0, 1}), gateway=None, site_port=False)
PUBLIC = Form(nodes=2, own_ports=frozenset({0, 1}), lan=frozenset(), gateway=None, site_port=False)


def test_a_second_gateway_with_a_port_takes_over_and_only_those_concerned_have_a_watch() -> None:
    spec = World([PUBLIC, TWO_GATES, CLOSED]).spec()
    routes = route(spec)
    assert routes.path("n2.s001", "n0.s002") == ("n2.s001", "n0.s001", "n0.s002")
    assert routes.detour("n0.s001", "n2.s001", "n0.s002") == ("n2.s001", "n1.s001", "n0.s002")
    assert routes.carriers == {"n0.s001"}
    assert routes.relays == {"n0.s001", "n1.s001"}
    written = {name: text.splitlines()[1:] for name, text in confs(spec, routes).items()}
    assert written["n2.s001"] == [
        "gateway 172.20.1.1 n0.s001",
        "gateway 172.20.1.2 n1.s001",
        "when 172.20.1.1 use 172.20.1.2 for 172.20.2.1 172.20.2.2",
    ]
    assert written["n0.s001"] == ["user inside 172.20.1.3", "user outside 172.20.2.1", "user outside 172.20.2.2"]
    assert written["n1.s001"] == written["n0.s001"]
    assert written["n0.s000"] == written["n1.s000"] == []


def test_a_gateway_at_another_site_takes_over_where_the_second_has_no_port() -> None:
    no_port = Form(3, frozenset(), frozenset({0, 1, 2}), gateway=0, site_port=True, second=1)
    gateway = Form(nodes=1, own_ports=frozenset({0}), lan=frozenset(), gateway=0, site_port=False)
    alone = route(World([PUBLIC, no_port, CLOSED]).spec())
    assert alone.detour("n0.s001", "n2.s001", "n0.s002") is None
    assert alone.relays == {"n0.s001"}
    routes = route(World([gateway, no_port, CLOSED]).spec())
    assert routes.detour("n0.s001", "n2.s001", "n0.s002") == ("n2.s001", "n0.s000", "n0.s002")


def test_what_a_host_is_told_does_not_grow_with_nodes_that_go_another_way() -> None:
    few, many = (World([TWO_GATES, CLOSED, *[PUBLIC] * count]).spec() for count in (1, 30))
    assert confs(few, route(few))["n2.s000"] == confs(many, route(many))["n2.s000"]


def test_a_gateway_asks_a_few_of_those_who_use_it_from_as_many_sites_as_can_be() -> None:
    spec = World([TWO_GATES, *[CLOSED] * (MAX_PROBED_USERS - 1)]).spec()
    watch = watch_of(spec, route(spec), spec.node("n0.s000"))
    assert len(watch.outside) == MAX_PROBED_USERS
    assert {node.site for node in watch.outside} == {node.site for node in spec.nodes} - {"s000"}


def test_where_no_gateway_can_take_over_there_is_no_watch_at_all() -> None:
    for spec in (example(), parse(three_sites(), read)):
        assert all(len(text.splitlines()) == 1 for text in confs(spec, route(spec)).values())


@pytest.mark.parametrize(
    ("second", "row"),
    [
        (["203.0.113.8:4500", "203.0.113.8:4501"], "| gate.lab.test | 2 through inner1.lab.test | none |"),
        ("203.0.113.8:4500", "| gate.lab.test | none | 4: closed1.lab.test - inner1.lab.test, closed1.lab.test - inner2.lab.test, closed2.lab.test - inner1.lab.test, closed2.lab.test - inner2.lab.test |"),
    ],
)  # fmt: skip
def test_the_readme_tells_which_pairs_survive_the_death_of_a_gateway(second: object, row: str) -> None:
    config = changed("sites/oneport/gateway", ["gate.lab.test", "inner1.lab.test"], three_sites())
    spec = parse(changed("sites/oneport/endpoint", second, config), read)
    text = failover_table(overview(spec).gateways_down)
    assert " ".join(text.splitlines()[2].split()) == row
    assert text in readme(overview(spec), "test")
