"""Roaming clients reach every node that their gateway reaches, and nobody but the gateway knows them one by one."""

import subprocess
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.model.configuration import parse
from components.model.files.client_conf import client_conf
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.peers import peers_of
from components.model.mesh.routing import route
from tests.support import simulator
from tests.support.examples import LEAVING, TREE, changed, read, with_clients
from tests.support.forms import SEVEN, forms
from tests.support.mesh_files import all_files, files
from tests.support.mistakes import Mistake, mistakes
from tests.support.roaming import Roaming
from tests.support.simulator import Network
from tests.support.worlds import Form, World


def network(world: World, texts: dict[str, str]) -> Network:
    return Network(world, {name: simulator.parse(text) for name, text in texts.items()})


@settings(max_examples=100, deadline=None)
@given(st.lists(forms(), min_size=1, max_size=5))
def test_a_client_and_every_node_that_its_gateway_reaches_reach_each_other(sites: list[Form]) -> None:
    world = Roaming(sites, each=2)
    spec = world.spec()
    assume(len({client.address for client in spec.clients}) == len(spec.clients))  # else another one is asked for
    packets = network(world, all_files(spec))
    neighbours = world.neighbours()
    for client, door in world.clients.items():
        reached = world.connected(door, neighbours) | {door}
        for node in world.hosts:
            for start, end in ((client, node), (node, client)):
                delivered = packets.deliver(start, end) == "delivered"
                assert delivered == (node in reached), f"{start} -> {end}: {packets.deliver(start, end)}"
        for other, other_door in world.clients.items():
            if other != client and other_door in reached:
                assert packets.deliver(client, other) == "delivered", f"{client} -> {other}"


def test_a_client_comes_and_goes_without_a_change_of_anything_but_its_gateway() -> None:
    world = Roaming(SEVEN, each=2)
    before, after = all_files(world.spec()), all_files(world.spec(without={"client1-s001"}))
    assert {name for name in after if before[name] != after[name]} == {"n0.s001"}


def test_a_clients_configuration_stays_when_nodes_come_and_go() -> None:
    fewer, more = Roaming(SEVEN[:2], each=1), Roaming(SEVEN, each=1)
    assert all_files(fewer.spec())["client0-s001"] == all_files(more.spec())["client0-s001"]


@pytest.mark.parametrize(
    ("old", "new", "names", "expected"),
    [
        ("", "", (), None),
        (", 172.20.1.128/25", "", ("n1.s002",), "n1.s002: no peer has 172.20.1."),
        (", 172.20.1.128/25", "", ("n1.s002",), "is not in the AllowedIPs of n0.s001, which it came from"),
        ("# relay:", "#", (), "n0.s001: forwards nothing"),
        ("PersistentKeepalive = 25", "", ("client0-s001",), "client0-s001, which does not speak first"),
        ("PublicKey = n0.s001", "PublicKey = n0.s000", ("client0-s001",), "does not know the key of client0-s001"),
    ],
)
def test_the_simulator_sees_what_is_wrong_with_clients(
    old: str, new: str, names: tuple[str, ...], expected: str | None
) -> None:
    world = Roaming(SEVEN, each=1)
    texts = all_files(world.spec())
    assert any(old in texts[name] for name in names or texts)
    texts = {name: text.replace(old, new) if name in names or not names else text for name, text in texts.items()}
    packets = network(world, texts)
    found = [result for pair in permutations(texts, 2) if (result := packets.deliver(*pair)) != "delivered"]
    assert any(expected in result for result in found) if expected else found == []


def merged(tmp_path: Path, new: str, old: str) -> str:
    """What a host has after grow and before prune."""
    for name, text in (("new", new), ("old", old)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = ["awk", "-f", str(LEAVING), str(tmp_path / "new"), str(tmp_path / "old")]
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout


def test_a_removed_client_is_gone_at_once_and_the_others_are_not(tmp_path: Path) -> None:
    world = Roaming(SEVEN, each=2)
    gone = {"client1-s001"}
    old, new = (files(spec, route(spec))["n0.s001"] for spec in (world.spec(), world.spec(without=gone)))
    assert "client1-s001" in old
    assert merged(tmp_path, new, old) == new


def test_a_range_that_moves_is_nowhere_twice(tmp_path: Path) -> None:
    world = Roaming(SEVEN, each=1)
    old = all_files(world.spec())["n1.s002"]
    new = old.replace("172.20.1.128/25", "172.20.1.192/26")
    assert new != old
    assert merged(tmp_path, new, old) == new


def test_the_file_of_a_client_is_that_of_wg_quick() -> None:
    config = with_clients(**{"ada-laptop": {"address": "192.168.7.200", "dns": ["192.0.2.53", "lab.test"]}})
    spec = parse(config, read)
    client = spec.clients[0]
    text = client_conf(spec, client, gateway_of(spec, client), private="PRIVATE", public="PUBLIC", preshared="SHARED")
    golden = TREE / "tests/model/files/golden/ada-laptop.conf"
    assert text == golden.read_text(encoding="utf-8")


def test_an_address_is_derived_in_the_range_and_does_not_move() -> None:
    one = parse(with_clients(ada={}), read).clients[0]
    same = parse(with_clients(ada={}, bea={}, cyd={}), read).clients[0]
    assert one == same
    assert str(one.address).startswith("192.168.7.")
    assert int(str(one.address).rpartition(".")[2]) > 128


def test_the_gateway_knows_its_clients_and_the_others_the_range() -> None:
    spec = parse(with_clients(ada={}), read)
    routes = route(spec)
    assert [peer.name for peer in peers_of(spec, routes, spec.node("gate.lab.test")) if peer.client] == ["ada"]
    for node in spec.nodes:
        peers = peers_of(spec, routes, node)
        if node.name != "gate.lab.test":
            assert not any(peer.client for peer in peers)
            assert [peer.name for peer in peers if peer.ranges] == ["gate.lab.test"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("sites/oneport/clients", None, ("clients", "no-clients-range")),
        ("sites/oneport/clients", "192.168.7.0/24", ("sites.oneport.clients", "not-a-part")),
        ("sites/oneport/clients", "10.9.0.0/24", ("sites.oneport.clients", "not-a-part")),
        ("sites/oneport/clients", "192.168.7.200/31", ("sites.oneport.clients", "no-room")),
        ("sites/oneport/clients", "192.168.7.7/29", ("sites.oneport.clients", "not-a-network")),
        ("sites/oneport/clients", "192.168.7.0/29", ("sites.open.nodes.open1.lab.test.address", "in-clients-range")),
        ("sites/open/clients", "192.168.7.64/27", ("sites.open.clients", "no-gateway")),
        ("sites/open/clients", "192.168.7.192/27", ("sites.open.clients", "overlap")),
        ("sites/oneport/endpoint", None, ("sites.oneport.clients", "no-gateway")),
        ("clients/ada/site", "closed", ("clients.ada.site", "not-a-clients-site")),
        ("clients/ada/adress", "192.168.7.130", ("clients.ada.adress", "unknown-field")),
        ("clients/ada/address", "192.168.7.9", ("clients.ada.address", "outside")),
        ("clients/ada/address", "192.168.7.255", ("clients.ada.address", "not-usable")),
        ("clients/ada/address", "ten", ("clients.ada.address", "not-an-address")),
        ("clients/ada/dns", ["a b"], ("clients.ada.dns", "not-a-host")),
        ("clients/ada", ["x"], ("clients.ada", "not-a-mapping")),
        ("clients/Ada Laptop", {}, ("clients.Ada Laptop", "not-a-name")),
        ("clients/gate.lab.test", {}, ("clients.gate.lab.test", "name-taken")),
        ("clients", ["ada"], ("clients", "not-a-mapping")),
    ],
)  # fmt: skip
def test_a_mistake_about_clients_is_named(path: str, value: object, expected: Mistake) -> None:
    assert expected in mistakes(changed(path, value, with_clients(ada={})))


def test_which_of_several_gateways_is_not_guessed_because_the_device_could_not_be_told_of_another() -> None:
    config = changed("sites/open/gateway", "open1.lab.test", with_clients(ada={}))
    assert parse(config, read).clients[0].site == "oneport"
    config = changed("sites/open/clients", "192.168.7.64/27", config)
    assert ("clients.ada.site", "missing") in mistakes(config)
    assert parse(changed("clients/ada/site", "open", config), read).clients[0].site == "open"


def test_two_clients_with_one_address_are_told() -> None:
    found = mistakes(with_clients(ada={"address": "192.168.7.130"}, bea={"address": "192.168.7.130"}))
    assert found == [("clients.bea.address", "taken")]
