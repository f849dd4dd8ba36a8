"""Every mistake is reported at once, each with its path and what to write instead."""

import pytest

from components.model.configuration import parse
from components.model.problems import ConfigError
from tests.support.examples import HOST_KEY, changed, configuration, read, three_sites

UVIC = "sites/uvic/nodes/uvic001.hl-lhc.io"
UCHICAGO2 = "sites/mwt2/nodes/uchicago002.hl-lhc.io"


def problems(config: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(config, read)
    return [str(problem) for problem in caught.value.problems]


def test_the_example_has_no_mistake() -> None:
    assert len(parse(configuration(), read).nodes) == 7


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{UVIC}/address", "192.168.0.7", "sites.uvic.nodes.uvic001.hl-lhc.io.address: 192.168.0.7 is already that of msu001.hl-lhc.io; write a free address of 192.168.0.0/24, such as 192.168.0.1"),
        (f"{UVIC}/address", "192.168.0.256", "sites.uvic.nodes.uvic001.hl-lhc.io.address: '192.168.0.256' is not an IPv4 address; write one inside 192.168.0.0/24"),
        (f"{UVIC}/address", "10.0.0.1", "sites.uvic.nodes.uvic001.hl-lhc.io.address: 10.0.0.1 is not inside mesh.cidr 192.168.0.0/24; write a free address"),
        (f"{UVIC}/address", "192.168.0.255", "is the network or broadcast address"),
        (f"{UVIC}/endpoint", "192.41.237.213:51820", "endpoint: 192.41.237.213:51820 is already that of msu001.hl-lhc.io; give each its own port"),
        (f"{UVIC}/endpoint", "206.12.98.227:0", "endpoint: '206.12.98.227:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write for example"),
        ("sites/aglt2/nodes/umich001.hl-lhc.io/institution", None, "umich001.hl-lhc.io.institution: is missing; write for example `institution: uchicago`"),
        (f"{UVIC}/labels", {"site": "other"}, "labels.site: is set by the program"),
        (f"{UVIC}/labels", {"rack": "a b"}, "labels.rack: rack=a b is not a Kubernetes label"),
        (f"{UVIC}/labels", {"rack": 12}, "labels.rack: 12 is not a text; quote it"),
        (f"{UVIC}/taints", ["gpu"], "taints: 'gpu' is not a taint; write `key=value:NoSchedule`"),
        (f"{UVIC}/roles", ["master"], "roles: 'master' is not a role; write some of control-plane, etcd, worker"),
        (f"{UVIC}/adress", "192.168.0.9", "adress: is not a known field; did you mean `address`?"),
        (f"{UVIC}/ssh", {"hostKey": "ssh-ed25519 nonsense"}, "ssh.hostKey: is not a public host key; write `ssh-ed25519"),
        (f"{UVIC}/ssh", {"host": "a b"}, "ssh.host: 'a b' is neither an address nor a DNS name"),
        (f"{UVIC}/ssh", {"port": 70000}, "ssh.port: 70000 is not a TCP port from 1 to 65535"),
        (f"{UCHICAGO2}/roles", ["control-plane"], "sites: 2 nodes have the role etcd: uchicago003.hl-lhc.io, uchicago004.hl-lhc.io; an even number adds no safety"),
        ("mesh/cidr", "192.168.0.0/33", "mesh.cidr: '192.168.0.0/33' is not an IPv4 network in CIDR form; write for example `cidr: 192.168.0.0/24`"),
        ("mesh/cidr", None, "mesh.cidr: is missing; write for example"),
        ("mesh/mtu", 900, "mesh.mtu: 900 is not a number of bytes from 1280 to 8920"),
        ("mesh/presharedKeys", "yes", "mesh.presharedKeys: 'yes' is neither true nor false"),
        ("kubernetes/version", None, "kubernetes.version: is missing; write for example"),
        ("kubernetes/version", "v1.35.4", "kubernetes.version: 'v1.35.4' is not a version; write it whole and without a v"),
        ("kubernetes/podCidr", "192.168.0.0/16", "kubernetes.podCidr: 192.168.0.0/16 overlaps mesh.cidr 192.168.0.0/24"),
        ("kubernetes/serviceCidr", "10.233.64.0/18", "kubernetes.serviceCidr: 10.233.64.0/18 overlaps kubernetes.podCidr"),
        ("kubernetes/podCidr", "10.244.0.0/22", "kubernetes.podCidr: 10.244.0.0/22 has room for 4 nodes of /24, 7 are declared"),
        ("kubernetes/deployer", "nobody", "kubernetes.deployer: nobody is not a declared node"),
        ("kubernetes/apiAddress", "a b", "kubernetes.apiAddress: 'a b' is neither an address nor a name; write where the API is reached from outside"),
        ("kubernetes/apiAddress", "192.0.2.2:0", "kubernetes.apiAddress: '192.0.2.2:0' is neither"),
        ("kubernetes/networkPlugin", "weave", "kubernetes.networkPlugin: 'weave' is not known; write one of calico, flannel"),
        ("kubernetes/firstControlPlane", "uvic001.hl-lhc.io", "kubernetes.firstControlPlane: uvic001.hl-lhc.io is not a declared control-plane node"),
        ("kubernetes/kubespray", {}, "kubernetes.kubespray: is missing; write `directory: PATH`"),
        ("kubernetes/kubespray/commit", "v2.31.0", "kubernetes.kubespray.commit: 'v2.31.0' is not a commit; write all 40"),
        ("kubernetes/kubespray/directory", "/nowhere", "kubernetes.kubespray.directory: /nowhere is not a directory"),
        ("kubernetes/variables", {"calico_mtu": 1500}, "kubernetes.variables.calico_mtu: is set by the program"),
        ("sites/uvic/variables", {"ip": "192.0.2.1"}, "sites.uvic.nodes.uvic001.hl-lhc.io.variables.ip: is set by the program (it is the wg0 address); remove it"),
        (f"{UVIC}/variables", {"node_labels": {}}, "uvic001.hl-lhc.io.variables.node_labels: is set by the program (write labels of the node)"),
        (f"{UVIC}/variables", ["x"], "uvic001.hl-lhc.io.variables: ['x'] is not a mapping"),
        ("ssh/knownHostsFile", "nowhere", "ssh.knownHostsFile: nowhere cannot be read (No such file or directory); write the path"),
        ("ssh/knownHostsFile", None, "ssh.hostKey: is missing, and ssh.knownHostsFile has no key for 206.12.98.227 or uvic001"),
        ("ssh/privateKeyFile", "Pulumi.yaml", "ssh.privateKeyFile: Pulumi.yaml is not a private key"),
        ("sites", None, "sites: is missing or empty; declare at least one site"),
        ("nodes", {}, "nodes: is not a known field; "),
        ("sites/uvic/nodes/Uvic2", {"institution": "uvic", "endpoint": "192.0.2.99", "ssh": {"hostKey": "x"}}, "sites.uvic.nodes.Uvic2: is not a lower-case DNS name"),
        ("sites/aglt2/nodes/uvic001.hl-lhc.io", {"institution": "x"}, "sites.uvic.nodes.uvic001.hl-lhc.io: is already a node of site aglt2"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(path: str, value: object, expected: str) -> None:
    found = problems(changed(path, value))
    assert any(expected in problem for problem in found), "\n".join(found)


def test_two_nodes_without_endpoint_cannot_reach_each_other() -> None:
    config = changed("sites/aglt2/nodes/msu001.hl-lhc.io/endpoint", None, changed(f"{UVIC}/endpoint", None))
    config = changed(f"{UVIC}/ssh", {"host": "192.0.2.8"}, config)
    config = changed("sites/aglt2/nodes/msu001.hl-lhc.io/ssh", {"host": "192.0.2.9"}, config)
    assert problems(config) == [
        "sites.aglt2.nodes.msu001.hl-lhc.io.endpoint: msu001.hl-lhc.io and uvic001.hl-lhc.io both have no endpoint, so "
        "neither can reach the other; have a UDP port opened to one of the two and write `endpoint: ADDRESS:PORT` there, or "
        "have umich001.hl-lhc.io, which reaches both, carry their packets: write `gateway: umich001.hl-lhc.io` at the site "
        "aglt2"
    ]
    assert problems(changed("sites/aglt2/gateway", "nobody", config))[0].startswith(
        "sites.aglt2.gateway: nobody is not"
    )
    assert parse(changed("sites/aglt2/gateway", "umich001.hl-lhc.io", config), read)


def test_pairs_of_the_same_two_sites_that_cannot_meet_are_told_together() -> None:
    config = changed("sites/oneport/gateway", None, changed("sites/oneport/endpoint", None, three_sites()))
    found = problems(config)
    assert len(found) == 1
    assert "closed1.lab.test and gate.lab.test both have no endpoint" in found[0]
    assert "(likewise closed1.lab.test and inner1.lab.test, closed1.lab.test and inner2.lab.test, " in found[0]
    assert ", and 1 more pairs of these sites)" in found[0]
    assert "have open1.lab.test, which reaches both, carry their packets: write `gateway: open1.lab.test`" in found[0]


def test_a_sites_own_port_is_of_no_use_to_the_hosts_behind_it() -> None:
    config = changed("sites/oneport/nodes/gate.lab.test/lanAddress", None, three_sites())
    for name in ("inner1", "inner2"):
        config = changed(f"sites/oneport/nodes/{name}.lab.test/lanAddress", None, config)
    found = "\n".join(problems(config))
    assert (
        "sites.oneport.nodes.gate.lab.test.endpoint: gate.lab.test and inner1.lab.test cannot reach each other: the site's "
        "port leads to gate.lab.test from outside only, and inner1.lab.test stands behind it too"
    ) in found
    assert "write `lanAddress: ADDRESS` at one of the two if they are on one LAN" in found


ONEPORT = "sites/oneport"
GATE = f"{ONEPORT}/nodes/gate.lab.test"
INNER = f"{ONEPORT}/nodes/inner1.lab.test"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{ONEPORT}/gateway", "open1.lab.test", "sites.oneport.gateway: open1.lab.test is not a node of this site; write one of gate.lab.test, inner1.lab.test, inner2.lab.test"),
        (f"{ONEPORT}/gateway", ["gate.lab.test", "inner9"], "sites.oneport.gateway: inner9 is not a node of this site; write one of gate.lab.test, inner1.lab.test, inner2.lab.test"),
        (f"{ONEPORT}/gateway", ["gate.lab.test", "gate.lab.test"], "sites.oneport.gateway: gate.lab.test is there twice; write each gateway once"),
        (f"{ONEPORT}/gateway", ["gate.lab.test", 7], "sites.oneport.gateway: ['gate.lab.test', 7] is not a list of texts"),
        (f"{ONEPORT}/endpoint", ["203.0.113.8:4500", "203.0.113.8:4501"], "sites.oneport.endpoint: 2 ports, and the site has 1 `gateway`; write a port for each gateway, in their order, or for the first ones only"),
        (f"{ONEPORT}/endpoint", ["203.0.113.8:0"], "sites.oneport.endpoint: '203.0.113.8:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write"),
        (f"{ONEPORT}/gateway", 7, "sites.oneport.gateway: 7 is not a text"),
        (f"{ONEPORT}/gateway", [], "sites.oneport.gateway: is missing, and the site has an `endpoint`"),
        (f"{ONEPORT}/gateway", None, "sites.oneport.gateway: is missing, and the site has an `endpoint`; write the node that the port is forwarded to"),
        (f"{ONEPORT}/endpoint", "203.0.113.8:0", "sites.oneport.endpoint: '203.0.113.8:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write"),
        (f"{ONEPORT}/endpoint", "192.0.2.12", "sites.open.nodes.open2.lab.test.endpoint: 192.0.2.12:51820 is already that of gate.lab.test"),
        ("sites/closed/nodes/closed1.lab.test/endpoint", "203.0.113.8:4500", "sites.oneport.endpoint: 203.0.113.8:4500 is already that of closed1.lab.test"),
        (f"{INNER}/endpoint", "203.0.113.8:4501", "inner1.lab.test.endpoint: is 203.0.113.8:4501, and the site has one port for all its nodes, 203.0.113.8:4500; keep one"),
        (f"{INNER}/lanAddress", "10.9.0.1", "inner1.lab.test.lanAddress: 10.9.0.1 is not inside the site's lan 10.1.0.0/24"),
        (f"{INNER}/lanAddress", "10.1.0.255", "inner1.lab.test.lanAddress: 10.1.0.255 is the network or broadcast address of 10.1.0.0/24"),
        (f"{INNER}/lanAddress", "10.1.0.11", "inner1.lab.test.lanAddress: 10.1.0.11 is already that of gate.lab.test"),
        (f"{INNER}/lanAddress", "ten", "inner1.lab.test.lanAddress: 'ten' is not an IPv4 or IPv6 address"),
        ("sites/closed/nodes/closed1.lab.test/lanAddress", "10.233.1.7", "closed1.lab.test.lanAddress: 10.233.1.7 is inside kubernetes.serviceCidr 10.233.0.0/18"),
        (f"{ONEPORT}/lan", "10.1.0.7/24", "sites.oneport.lan: '10.1.0.7/24' is not an IPv4 or IPv6 network in CIDR form; write for example `lan: 10.1.0.0/24`"),
        (f"{ONEPORT}/lan", "192.168.0.0/16", "sites.oneport.lan: 192.168.0.0/16 overlaps mesh.cidr 192.168.7.0/24"),
        (f"{ONEPORT}/lan", "10.0.0.0/8", "sites.oneport.lan: 10.0.0.0/8 overlaps kubernetes.podCidr"),
        (f"{ONEPORT}/lan", "10.0.0.0/8", "sites.oneport.lan: 10.0.0.0/8 overlaps kubernetes.serviceCidr"),
        (f"{ONEPORT}/gatway", "gate.lab.test", "sites.oneport.gatway: is not a known field; did you mean `gateway`?"),
        (f"{GATE}/ssh", {"hostKey": HOST_KEY}, "gate.lab.test.ssh.host: is missing, and there is no endpoint of its own"),
    ],
)  # fmt: skip
def test_a_mistake_about_sites_is_named(path: str, value: object, expected: str) -> None:
    found = problems(changed(path, value, three_sites()))
    assert any(expected in problem for problem in found), "\n".join(found)


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
    same = problems(changed(f"{ONEPORT}/endpoint", ["203.0.113.8:4500", "203.0.113.8:4500"], config))
    assert any(found.startswith("sites.oneport.endpoint: 203.0.113.8:4500 is already that of") for found in same)
    own = problems(changed(f"{INNER}/endpoint", "203.0.113.8:4502", config))
    assert "and the site has ports for all its nodes, 203.0.113.8:4500, 203.0.113.8:4501; keep one" in own[0]


def test_all_mistakes_come_in_one_go() -> None:
    config = changed(f"{UVIC}/address", "192.168.0.7")
    config = changed(f"{UCHICAGO2}/roles", ["control-plane"], config)
    config = changed("kubernetes/podCidr", "10.0.0.0/99", config)
    config = changed("kubernetes/version", None, config)
    found = "\n".join(problems(config))
    for path in ("uvic001.hl-lhc.io.address", "sites: 2 nodes", "kubernetes.podCidr", "kubernetes.version"):
        assert path in found
    assert found.count("\n") == 3


@pytest.mark.parametrize("section", ["mesh", "ssh", "kubernetes", "sites"])
@pytest.mark.parametrize("value", ["text", 7, ["list"], True])
def test_a_section_of_another_form_is_a_mistake_not_a_crash(section: str, value: object) -> None:
    assert any(
        problem.startswith(f"{section}: {value!r} is not a mapping") for problem in problems(changed(section, value))
    )
