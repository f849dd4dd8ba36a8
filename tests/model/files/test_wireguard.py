"""wg0.conf without its secrets."""

from dataclasses import replace

from components.model.configuration import parse
from components.model.files.wireguard import wg0_conf
from components.model.mesh.peers import peers_of
from components.model.mesh.routing import route
from components.model.spec import Endpoint
from tests.support.examples import TREE, example, lab_configuration, read


def render(name: str, stack: str) -> str:
    spec = example() if stack == "hl-lhc" else parse(lab_configuration(), read)
    keys = {node.name: f"public key of {node.name}" for node in spec.nodes}
    node = spec.node(name)
    return wg0_conf(spec.mesh, node, peers_of(spec, route(spec), node), keys)


def test_a_public_node_is_rendered_as_the_golden_file() -> None:
    golden = TREE / "tests/model/files/golden/uchicago005.wg0.conf"
    assert render("uchicago005.hl-lhc.io", "hl-lhc") == golden.read_text(encoding="utf-8")


def test_a_node_behind_nat_keeps_its_own_tunnels_alive() -> None:
    golden = TREE / "tests/model/files/golden/uvic001-behind-nat.wg0.conf"
    assert render("uvic001.hl-lhc.io", "dev") == golden.read_text(encoding="utf-8")


def test_others_neither_dial_nor_keep_alive_a_node_behind_nat() -> None:
    text = render("umich001.hl-lhc.io", "dev")
    section = text[text.index("# uvic001") :]
    assert "Endpoint" not in section
    assert "PersistentKeepalive" not in text


def test_an_ipv6_endpoint_is_bracketed() -> None:
    assert str(Endpoint("2001:db8::7", 51820)) == "[2001:db8::7]:51820"


def test_a_host_with_a_peer_that_has_a_name_knows_which_addresses_are_no_endpoints() -> None:
    spec = example()
    keys = {node.name: "K" for node in spec.nodes}
    node = spec.node("uchicago005.hl-lhc.io")
    peers = peers_of(spec, route(spec), node)
    inside = (spec.kubernetes.pod_cidr, spec.kubernetes.service_cidr)
    assert "# inside:" not in wg0_conf(spec.mesh, node, peers, keys, inside=inside), "all its endpoints are addresses"
    named = (replace(peers[0], endpoint=Endpoint("wg.example.org", 51820)), *peers[1:])
    text = wg0_conf(spec.mesh, node, named, keys, inside=inside)
    assert f"\n# inside: {inside[0]} {inside[1]}\nAddress = " in text
