"""Every mistake is reported at once, each with its path and what to write instead."""

import pytest

from components.model.configuration import parse
from tests.support.examples import HOST_KEY, changed, configuration, read, three_sites
from tests.support.mistakes import Mistake, messages, mistakes

UVIC = "sites/uvic/nodes/uvic001.hl-lhc.io"
UCHICAGO2 = "sites/mwt2/nodes/uchicago002.hl-lhc.io"


def test_the_example_has_no_mistake() -> None:
    assert len(parse(configuration(), read).nodes) == 7


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{UVIC}/address", "192.168.0.7", ("sites.uvic.nodes.uvic001.hl-lhc.io.address", "taken")),
        (f"{UVIC}/address", "192.168.0.256", ("sites.uvic.nodes.uvic001.hl-lhc.io.address", "not-an-address")),
        (f"{UVIC}/address", "10.0.0.1", ("sites.uvic.nodes.uvic001.hl-lhc.io.address", "outside")),
        (f"{UVIC}/address", "192.168.0.255", ("sites.uvic.nodes.uvic001.hl-lhc.io.address", "not-usable")),
        (f"{UVIC}/endpoint", "192.41.237.213:51820", ("sites.uvic.nodes.uvic001.hl-lhc.io.endpoint", "taken")),
        (f"{UVIC}/endpoint", "206.12.98.227:0", ("sites.uvic.nodes.uvic001.hl-lhc.io.endpoint", "not-an-endpoint")),
        ("sites/aglt2/nodes/umich001.hl-lhc.io/institution", None, ("sites.aglt2.nodes.umich001.hl-lhc.io.institution", "missing")),
        (f"{UVIC}/labels", {"site": "other"}, ("sites.uvic.nodes.uvic001.hl-lhc.io.labels.site", "own-label")),
        (f"{UVIC}/labels", {"rack": "a b"}, ("sites.uvic.nodes.uvic001.hl-lhc.io.labels.rack", "not-a-label")),
        (f"{UVIC}/labels", {"rack": 12}, ("sites.uvic.nodes.uvic001.hl-lhc.io.labels.rack", "not-a-text")),
        (f"{UVIC}/taints", ["gpu"], ("sites.uvic.nodes.uvic001.hl-lhc.io.taints", "not-a-taint")),
        (f"{UVIC}/roles", ["master"], ("sites.uvic.nodes.uvic001.hl-lhc.io.roles", "not-a-role")),
        (f"{UVIC}/adress", "192.168.0.9", ("sites.uvic.nodes.uvic001.hl-lhc.io.adress", "unknown-field")),
        (f"{UVIC}/ssh", {"hostKey": "ssh-ed25519 nonsense"}, ("sites.uvic.nodes.uvic001.hl-lhc.io.ssh.hostKey", "not-a-host-key")),
        (f"{UVIC}/ssh", {"host": "a b"}, ("sites.uvic.nodes.uvic001.hl-lhc.io.ssh.host", "not-a-host")),
        (f"{UVIC}/ssh", {"port": 70000}, ("sites.uvic.nodes.uvic001.hl-lhc.io.ssh.port", "not-a-number")),
        (f"{UCHICAGO2}/roles", ["control-plane"], ("sites", "even-etcd")),
        ("mesh/cidr", "192.168.0.0/33", ("mesh.cidr", "not-a-network")),
        ("mesh/cidr", None, ("mesh.cidr", "missing")),
        ("mesh/mtu", 900, ("mesh.mtu", "not-a-number")),
        ("mesh/presharedKeys", "yes", ("mesh.presharedKeys", "not-a-flag")),
        ("kubernetes/version", None, ("kubernetes.version", "missing")),
        ("kubernetes/version", "v1.35.4", ("kubernetes.version", "not-a-version")),
        ("kubernetes/podCidr", "192.168.0.0/16", ("kubernetes.podCidr", "overlap")),
        ("kubernetes/serviceCidr", "10.233.64.0/18", ("kubernetes.serviceCidr", "overlap")),
        ("kubernetes/podCidr", "10.244.0.0/22", ("kubernetes.podCidr", "no-room")),
        ("kubernetes/deployer", "nobody", ("kubernetes.deployer", "not-a-node")),
        ("kubernetes/apiAddress", "a b", ("kubernetes.apiAddress", "not-an-endpoint")),
        ("kubernetes/apiAddress", "192.0.2.2:0", ("kubernetes.apiAddress", "not-an-endpoint")),
        ("kubernetes/networkPlugin", "weave", ("kubernetes.networkPlugin", "not-a-choice")),
        ("kubernetes/firstControlPlane", "uvic001.hl-lhc.io", ("kubernetes.firstControlPlane", "not-a-control-plane")),
        ("kubernetes/kubespray", {}, ("kubernetes.kubespray", "no-kubespray")),
        ("kubernetes/kubespray/commit", "v2.31.0", ("kubernetes.kubespray.commit", "not-a-commit")),
        ("kubernetes/kubespray/directory", "/nowhere", ("kubernetes.kubespray.directory", "not-a-directory")),
        ("kubernetes/variables", {"calico_mtu": 1500}, ("kubernetes.variables.calico_mtu", "own-variable")),
        ("sites/uvic/variables", {"ip": "192.0.2.1"}, ("sites.uvic.nodes.uvic001.hl-lhc.io.variables.ip", "own-variable")),
        (f"{UVIC}/variables", {"node_labels": {}}, ("sites.uvic.nodes.uvic001.hl-lhc.io.variables.node_labels", "own-variable")),
        (f"{UVIC}/variables", ["x"], ("sites.uvic.nodes.uvic001.hl-lhc.io.variables", "not-a-mapping")),
        ("ssh/knownHostsFile", "nowhere", ("ssh.knownHostsFile", "unreadable")),
        ("ssh/knownHostsFile", None, ("sites.uvic.nodes.uvic001.hl-lhc.io.ssh.hostKey", "missing")),
        ("ssh/privateKeyFile", "Pulumi.yaml", ("ssh.privateKeyFile", "not-a-private-key")),
        ("sites", None, ("sites", "missing")),
        ("nodes", {}, ("nodes", "unknown-field")),
        ("sites/uvic/nodes/Uvic2", {"institution": "uvic", "endpoint": "192.0.2.99", "ssh": {"hostKey": "x"}}, ("sites.uvic.nodes.Uvic2", "not-a-name")),
        ("sites/aglt2/nodes/uvic001.hl-lhc.io", {"institution": "x"}, ("sites.uvic.nodes.uvic001.hl-lhc.io", "name-taken")),
    ],
)  # fmt: skip
def test_a_mistake_is_named(path: str, value: object, expected: Mistake) -> None:
    assert expected in mistakes(changed(path, value))


def test_two_nodes_without_endpoint_cannot_reach_each_other() -> None:
    config = changed("sites/aglt2/nodes/msu001.hl-lhc.io/endpoint", None, changed(f"{UVIC}/endpoint", None))
    config = changed(f"{UVIC}/ssh", {"host": "192.0.2.8"}, config)
    config = changed("sites/aglt2/nodes/msu001.hl-lhc.io/ssh", {"host": "192.0.2.9"}, config)
    assert messages(config) == [
        "sites.aglt2.nodes.msu001.hl-lhc.io.endpoint: msu001.hl-lhc.io and uvic001.hl-lhc.io cannot reach each other: neither has "
        "an endpoint; have a UDP port opened to one of the two and write `endpoint: ADDRESS:PORT` there, or "
        "have umich001.hl-lhc.io, which reaches both, carry their packets: write `gateway: umich001.hl-lhc.io` at the site "
        "aglt2"
    ]
    assert mistakes(changed("sites/aglt2/gateway", "nobody", config))[0] == ("sites.aglt2.gateway", "not-a-node")
    assert parse(changed("sites/aglt2/gateway", "umich001.hl-lhc.io", config), read)


def test_pairs_of_the_same_two_sites_that_cannot_meet_are_reported_together() -> None:
    config = changed("sites/oneport/gateway", None, changed("sites/oneport/endpoint", None, three_sites()))
    actual = messages(config)
    assert len(actual) == 1
    assert "closed1.lab.test and gate.lab.test cannot reach each other: neither has an endpoint" in actual[0]
    assert "(likewise closed1.lab.test and inner1.lab.test, closed1.lab.test and inner2.lab.test, " in actual[0]
    assert ", and 1 more pairs of these sites)" in actual[0]
    assert "have open1.lab.test, which reaches both, carry their packets: write `gateway: open1.lab.test`" in actual[0]


def test_a_sites_own_port_is_of_no_use_to_the_hosts_behind_it() -> None:
    config = changed("sites/oneport/nodes/gate.lab.test/lanAddress", None, three_sites())
    for name in ("inner1", "inner2"):
        config = changed(f"sites/oneport/nodes/{name}.lab.test/lanAddress", None, config)
    actual = "\n".join(messages(config))
    assert (
        "sites.oneport.nodes.gate.lab.test.endpoint: gate.lab.test and inner1.lab.test cannot reach each other: the site's "
        "port leads to gate.lab.test from outside only, and inner1.lab.test is behind it too"
    ) in actual
    assert "write `lanAddress: ADDRESS` at one of the two if they are on one LAN" in actual


ONEPORT = "sites/oneport"
GATE = f"{ONEPORT}/nodes/gate.lab.test"
INNER = f"{ONEPORT}/nodes/inner1.lab.test"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{ONEPORT}/gateway", "open1.lab.test", ("sites.oneport.gateway", "not-a-node")),
        (f"{ONEPORT}/gateway", ["gate.lab.test", "inner9"], ("sites.oneport.gateway", "not-a-node")),
        (f"{ONEPORT}/gateway", ["gate.lab.test", "gate.lab.test"], ("sites.oneport.gateway", "twice")),
        (f"{ONEPORT}/gateway", ["gate.lab.test", 7], ("sites.oneport.gateway", "not-a-list")),
        (f"{ONEPORT}/endpoint", ["203.0.113.8:4500", "203.0.113.8:4501"], ("sites.oneport.endpoint", "ports-exceed-gateways")),
        (f"{ONEPORT}/endpoint", ["203.0.113.8:0"], ("sites.oneport.endpoint", "not-an-endpoint")),
        (f"{ONEPORT}/gateway", 7, ("sites.oneport.gateway", "not-a-text")),
        (f"{ONEPORT}/gateway", [], ("sites.oneport.gateway", "missing")),
        (f"{ONEPORT}/gateway", None, ("sites.oneport.gateway", "missing")),
        (f"{ONEPORT}/endpoint", "203.0.113.8:0", ("sites.oneport.endpoint", "not-an-endpoint")),
        (f"{ONEPORT}/endpoint", "192.0.2.12", ("sites.open.nodes.open2.lab.test.endpoint", "taken")),
        ("sites/closed/nodes/closed1.lab.test/endpoint", "203.0.113.8:4500", ("sites.oneport.endpoint", "taken")),
        (f"{INNER}/endpoint", "203.0.113.8:4501", ("sites.oneport.nodes.inner1.lab.test.endpoint", "two-ports")),
        (f"{INNER}/lanAddress", "10.9.0.1", ("sites.oneport.nodes.inner1.lab.test.lanAddress", "outside")),
        (f"{INNER}/lanAddress", "10.1.0.255", ("sites.oneport.nodes.inner1.lab.test.lanAddress", "not-usable")),
        (f"{INNER}/lanAddress", "10.1.0.11", ("sites.oneport.nodes.inner1.lab.test.lanAddress", "taken")),
        (f"{INNER}/lanAddress", "ten", ("sites.oneport.nodes.inner1.lab.test.lanAddress", "not-an-address")),
        ("sites/closed/nodes/closed1.lab.test/lanAddress", "10.233.1.7", ("sites.closed.nodes.closed1.lab.test.lanAddress", "in-own-range")),
        (f"{ONEPORT}/lan", "10.1.0.7/24", ("sites.oneport.lan", "not-a-network")),
        (f"{ONEPORT}/lan", "192.168.0.0/16", ("sites.oneport.lan", "overlap")),
        (f"{ONEPORT}/lan", "10.0.0.0/8", ("sites.oneport.lan", "overlap")),
        (f"{ONEPORT}/gatway", "gate.lab.test", ("sites.oneport.gatway", "unknown-field")),
        (f"{GATE}/ssh", {"hostKey": HOST_KEY}, ("sites.oneport.nodes.gate.lab.test.ssh.host", "missing")),
    ],
)  # fmt: skip
def test_a_mistake_about_sites_is_named(path: str, value: object, expected: Mistake) -> None:
    assert expected in mistakes(changed(path, value, three_sites()))


def test_a_gateway_may_be_written_as_a_list_of_one() -> None:
    listed = parse(changed(f"{ONEPORT}/gateway", ["gate.lab.test"], three_sites()), read)
    assert listed == parse(three_sites(), read)


def test_ports_of_a_site_lead_to_its_gateways_in_their_order() -> None:
    config = changed(f"{ONEPORT}/gateway", ["inner2.lab.test", "gate.lab.test", "inner1.lab.test"], three_sites())
    config = changed(f"{ONEPORT}/endpoint", ["203.0.113.8:4500", "203.0.113.8:4501"], config)
    spec = parse(config, read)
    assert [node.name for node in spec.gateways] == ["inner2.lab.test", "gate.lab.test", "inner1.lab.test"]
    ends = {node.name: str(node.endpoint) for node in spec.nodes if node.site == "oneport"}
    ports = {"inner2.lab.test": "203.0.113.8:4500", "gate.lab.test": "203.0.113.8:4501", "inner1.lab.test": "None"}
    assert ends == ports
    same = mistakes(changed(f"{ONEPORT}/endpoint", ["203.0.113.8:4500", "203.0.113.8:4500"], config))
    assert ("sites.oneport.endpoint", "taken") in same
    own = messages(changed(f"{INNER}/endpoint", "203.0.113.8:4502", config))
    assert "and the site has ports for all its nodes, 203.0.113.8:4500, 203.0.113.8:4501; keep one" in own[0]


def test_all_mistakes_come_in_one_go() -> None:
    config = changed(f"{UVIC}/address", "192.168.0.7")
    config = changed(f"{UCHICAGO2}/roles", ["control-plane"], config)
    config = changed("kubernetes/podCidr", "10.0.0.0/99", config)
    config = changed("kubernetes/version", None, config)
    assert sorted(mistakes(config)) == [
        ("kubernetes.podCidr", "not-a-network"),
        ("kubernetes.version", "missing"),
        ("sites", "even-etcd"),
        ("sites.uvic.nodes.uvic001.hl-lhc.io.address", "taken"),
    ]


@pytest.mark.parametrize("section", ["mesh", "ssh", "kubernetes", "sites"])
@pytest.mark.parametrize("value", ["text", 7, ["list"], True])
def test_a_section_of_another_form_is_a_mistake_not_a_crash(section: str, value: object) -> None:
    assert (section, "not-a-mapping") in mistakes(changed(section, value))


CLIENTS = "sites/oneport/clients"


@pytest.mark.parametrize("network", ["0.0.0.0/0", "255.255.255.255/32", "128.0.0.0/1"])
@pytest.mark.parametrize("path", [CLIENTS, "mesh/cidr", "kubernetes/podCidr", "sites/oneport/lan"])
def test_the_largest_and_the_last_range_are_mistakes_not_crashes(path: str, network: str) -> None:
    config = changed("clients", {"ada": {}, "bea": {"address": "255.255.255.255"}}, three_sites())
    assert path.replace("/", ".") in [where for where, _ in mistakes(changed(path, network, changed(CLIENTS, "192.168.7.128/25", config)))]  # fmt: skip
