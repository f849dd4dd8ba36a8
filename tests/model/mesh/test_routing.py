"""Every pair of nodes that any routing could connect is connected; packets walk by WireGuard's rules in simulator.py."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.mesh.reachability import DIRECT, IMPOSSIBLE, LAN, RELAY
from components.model.mesh.routing import route
from components.model.mesh.shortest_paths import graph_of, next_hops
from components.model.spec.families import IPV4, IPV6
from tests.support.examples import LEAVING
from tests.support.forms import SEVEN, forms
from tests.support.mesh_files import files
from tests.support.simulator import Interface, Network, parse
from tests.support.worlds import Form, World, random_world


def check(world: World) -> set[str]:
    """Walk a packet from every node to every other one; return the kinds of pairs that there were."""
    spec = world.spec()
    routes = route(spec)
    network = Network(world, {name: parse(text) for name, text in files(spec, routes).items()})
    neighbours = world.neighbours()
    kinds = set()
    for one in world.hosts:
        connected = world.connected(one, neighbours)
        for other in world.hosts.keys() - {one}:
            kind = routes.kind(one, other)
            kinds.add(kind)
            result = network.deliver(one, other)
            if other in connected:
                assert result == "delivered", f"{one} -> {other} ({kind}): {result}"
                assert kind != IMPOSSIBLE
                assert routes.path(one, other) == routes.path(other, one)[::-1]
            else:
                assert result != "delivered"
                assert kind == IMPOSSIBLE
        allowed = [address for peer in network.interfaces[one].peers.values() for address in peer.allowed]
        assert sorted(allowed) == sorted(world.hosts[other].mesh for other in connected)
    return kinds


@settings(max_examples=150, deadline=None)
@given(st.lists(forms(), min_size=1, max_size=6))
def test_a_packet_reaches_every_node_that_any_routing_could_reach_and_no_other(sites: list[Form]) -> None:
    check(World(sites))


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32))
def test_it_does_with_hundreds_of_nodes(seed: int) -> None:
    world = random_world(random.Random(seed), sites=50, most=9)  # noqa: S311 - no secret
    assert len(world.hosts) > 150
    assert {LAN, DIRECT, RELAY} <= check(world)


def grown(new: str, old: str, place: Path) -> Interface:
    """What a host has after grow and before prune."""
    (place / "new").write_text(new, encoding="utf-8")
    (place / "old").write_text(old, encoding="utf-8")
    words = ["awk", "-f", str(LEAVING), str(place / "new"), str(place / "old")]
    merged = parse(subprocess.run(words, text=True, capture_output=True, check=True).stdout)
    return replace(merged, forwards=parse(new).forwards or parse(old).forwards)


@settings(max_examples=40, deadline=None)
@given(st.lists(forms(), min_size=2, max_size=5), st.data())
def test_leaving_nodes_are_reached_until_they_are_pruned_and_the_others_reach_each_other_all_the_time(
    sites: list[Form], data: st.DataObject
) -> None:
    before = World(sites)
    names = sorted(before.hosts)
    leaving = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=len(names) - 1))
    after = before.without(leaving)
    spec, rest = before.spec(), after.spec()
    old, new = files(spec, route(spec)), files(rest, route(rest))
    with TemporaryDirectory() as directory:
        interfaces = {name: parse(old[name]) for name in leaving}
        interfaces |= {name: grown(new[name], old[name], Path(directory)) for name in new}
    network = Network(before, interfaces)
    was = {name: before.connected(name, before.neighbours()) for name in names}
    stays = {name: after.connected(name, after.neighbours()) for name in after.hosts}
    for one, other in permutations(names, 2):
        drained = (one in leaving) != (other in leaving) and other in was[one]
        if drained or other in stays.get(one, set()):
            assert network.deliver(one, other) == "delivered", f"{one} -> {other}"


def test_the_usual_three_sites() -> None:
    world = World(SEVEN)
    assert check(world) == {LAN, DIRECT, RELAY}
    routes = route(world.spec())
    assert routes.relays == {"n0.s001"}
    assert routes.path("n1.s001", "n1.s002") == ("n1.s001", "n0.s001", "n1.s002")
    assert routes.path("n1.s001", "n0.s000") == ("n1.s001", "n0.s000")
    assert routes.kind("n0.s002", "n1.s002") == LAN


def site(*families: str, port: bool, gateway: bool = False) -> Form:
    """One host with these families of addresses."""
    return Form(1, frozenset({0} if port else ()), frozenset(), 0 if gateway else None, False, families=(families,))


def test_hosts_without_a_family_in_common_go_through_a_gateway_with_both() -> None:
    world = World([site(IPV6, port=True), site(IPV4, port=True), site(IPV4, IPV6, port=True, gateway=True)])
    assert check(world) == {DIRECT, RELAY}
    routes = route(world.spec())
    assert routes.path("n0.s000", "n0.s001") == ("n0.s000", "n0.s002", "n0.s001")
    assert check(World([site(IPV6, port=True), site(IPV4, port=True)])) == {IMPOSSIBLE}


def test_the_first_endpoint_of_a_common_family_is_taken_in_the_order_of_the_other() -> None:
    both = [site(IPV4, IPV6, port=True), site(IPV6, IPV4, port=True), site(IPV6, port=False)]
    spec = World(both).spec()
    endpoint = route(spec).reachability.endpoint
    first, second, third = spec.nodes
    assert str(endpoint(first, second)) == "[2001:db8:2::2]:51820"
    assert str(endpoint(second, first)) == "198.18.0.2:51820"
    assert str(endpoint(third, first)) == "[2001:db8:1::2]:51820"
    assert endpoint(first, third) is None


def test_who_has_an_endpoint_in_the_other_family_only_keeps_being_known() -> None:
    half = replace(site(IPV4, IPV6, port=True), ports=((IPV4,),))
    spec = World([half, site(IPV6, port=True)]).spec()
    keepalive = route(spec).reachability.keepalive
    one, other = spec.nodes
    assert (keepalive(one, other), keepalive(other, one)) == (25, None)


def test_a_node_goes_through_its_own_gateway_rather_than_through_a_third_site() -> None:
    public = Form(nodes=1, own_ports=frozenset({0}), lan=frozenset(), gateway=0, site_port=False)
    routes = route(World([public, *SEVEN[1:]]).spec())
    assert routes.path("n1.s001", "n1.s002") == ("n1.s001", "n0.s001", "n1.s002")


def test_a_further_gateway_changes_no_path_that_is_as_short_as_before() -> None:
    closed = Form(nodes=1, own_ports=frozenset(), lan=frozenset(), gateway=None, site_port=False)
    public = Form(nodes=1, own_ports=frozenset({0}), lan=frozenset(), gateway=0, site_port=False)
    before = route(World([closed, public, closed]).spec())
    after = route(World([closed, public, closed, public]).spec())
    assert before.path("n0.s000", "n0.s002") == after.path("n0.s000", "n0.s002") == ("n0.s000", "n0.s001", "n0.s002")


def test_packets_can_cross_two_gateways() -> None:
    """Nobody but its own gateway reaches a node that speaks on its LAN only."""
    links = {"a": ["ga"], "ga": ["a", "gb"], "gb": ["ga", "b"], "b": ["gb"]}
    sites = {"a": "A", "ga": "A", "gb": "B", "b": "B"}
    hops = next_hops(graph_of(links, sites, ["ga", "gb"]))
    assert (hops["b"]["a"], hops["b"]["ga"], hops["b"]["gb"]) == ("ga", "gb", "b")
    assert "a" not in next_hops(graph_of(links, sites, ["ga"]))["b"]


Links = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Links, dict[str, str], list[str]]:
    names = [f"n{index}" for index in range(draw(st.integers(2, 8)))]
    links: Links = {name: [] for name in names}
    pairs = [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]
    for one, other in draw(st.lists(st.sampled_from(pairs), unique=True)):
        links[one].append(other)
        links[other].append(one)
    sites = {name: draw(st.sampled_from("ABC")) for name in names}
    return links, sites, draw(st.lists(st.sampled_from(names), unique=True))


def simple_paths(links: Links, relays: list[str], path: tuple[str, ...], end: str) -> Iterator[tuple[str, ...]]:
    if path[-1] == end:
        yield path
    elif len(path) == 1 or path[-1] in relays:
        for following in set(links[path[-1]]) - set(path):
            yield from simple_paths(links, relays, (*path, following), end)


def walk(hops: dict[str, dict[str, str]], start: str, end: str) -> tuple[str, ...]:
    path: tuple[str, ...] = (start,)
    while path[-1] != end:
        path = (*path, hops[end][path[-1]])
        assert len(path) <= len(hops)
    return path


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_on_any_graph_the_path_is_the_shortest_by_changes_of_site_then_hops_and_the_same_both_ways(
    graph: tuple[Links, dict[str, str], list[str]],
) -> None:
    links, sites, relays = graph
    hops = next_hops(graph_of(links, sites, relays))

    def cost(path: tuple[str, ...]) -> tuple[int, int]:
        return sum(sites[one] != sites[other] for one, other in pairwise(path)), len(path)

    for start, end in permutations(links, 2):
        every = list(simple_paths(links, relays, (start,), end))
        assert bool(every) == (start in hops[end])
        if every:
            path = walk(hops, start, end)
            assert path == walk(hops, end, start)[::-1]
            assert path in every
            assert cost(path) == min(map(cost, every))


def broken(old: str, new: str, names: tuple[str, ...] = ()) -> list[str]:
    """The results of all packets of the usual three sites when the files of some hosts, or of all, are changed."""
    world = World(SEVEN)
    spec = world.spec()
    texts = files(spec, route(spec))
    assert any(old in texts[name] for name in names or texts)
    interfaces = {
        name: parse(text.replace(old, new) if name in names or not names else text) for name, text in texts.items()
    }
    network = Network(world, interfaces)
    return [
        result for one, other in permutations(world.hosts, 2) if (result := network.deliver(one, other)) != "delivered"
    ]


@pytest.mark.parametrize(
    ("old", "new", "names", "expected"),
    [
        ("", "", (), None),
        ("# relay:", "#", (), "n0.s001: forwards nothing"),
        ("PersistentKeepalive = 25", "", (), "does not speak first"),
        (", 172.20.2.1/32", "", ("n1.s001",), "n1.s001: no peer has 172.20.2.1"),
        (", 172.20.1.2/32", "", ("n0.s002",), "n0.s002: 172.20.1.2 is not in the AllowedIPs of n0.s001"),
        ("Endpoint = 10.1.0.1:51820", "Endpoint = 198.18.1.1:4001", ("n1.s001",), "leads to None and not to n0.s001"),
        ("PublicKey = n0.s001", "PublicKey = n0.s000", ("n1.s002",), "does not know the key of"),
    ],
)  # fmt: skip
def test_the_simulator_sees_what_is_wrong(old: str, new: str, names: tuple[str, ...], expected: str | None) -> None:
    found = broken(old, new, names)
    assert any(expected in result for result in found) if expected else found == []
