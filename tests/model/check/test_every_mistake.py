"""One configuration with every kind of mistake, and each of them is reported, in one run and once."""

from tests.support.examples import changed, host_key, with_clients
from tests.support.mistakes import mistakes

MISTAKES = [
    # ranges that overlap: mesh, pods, services, LANs, clients
    ("kubernetes/podCidr", "192.168.0.0/16", ("kubernetes.podCidr", "overlap")),
    ("kubernetes/serviceCidr", "192.168.128.0/18", ("kubernetes.serviceCidr", "overlap")),
    ("sites/more/lan", "192.168.192.0/18", ("sites.more.lan", "overlap")),
    ("sites/open/clients", "192.168.7.192/27", ("sites.open.clients", "overlap")),
    # addresses that are twice, or where they cannot be
    ("sites/closed/nodes/closed2.lab.test/address", "192.168.7.6", ("sites.closed.nodes.closed2.lab.test.address", "taken")),
    ("sites/open/nodes/open2.lab.test/address", "192.168.7.130", ("sites.open.nodes.open2.lab.test.address", "in-clients-range")),
    ("sites/oneport/nodes/inner1.lab.test/lanAddress", "10.1.0.11", ("sites.oneport.nodes.inner1.lab.test.lanAddress", "taken")),
    ("clients/bea/address", "192.168.7.200", ("clients.bea.address", "taken")),
    ("clients/cyd/address", "192.168.7.9", ("clients.cyd.address", "outside")),
    # endpoints that are twice, or cannot be reached
    ("sites/open/nodes/open1.lab.test/endpoint", "203.0.113.8:4500", ("sites.open.nodes.open1.lab.test.endpoint", "taken")),
    ("sites/more/nodes/more1.lab.test/endpoint", "192.168.50.9", ("sites.more.nodes.more1.lab.test.endpoint", "in-own-range")),
    ("sites/more/nodes/more2.lab.test/ssh/host", "192.0.2.12", ("sites.open.nodes.open2.lab.test.ssh.host", "taken")),
    # names that are twice
    ("sites/more/nodes/closed1.lab.test/endpoint", "192.0.2.77", ("sites.more.nodes.closed1.lab.test", "name-taken")),
    ("clients/gate.lab.test/site", "oneport", ("clients.gate.lab.test", "name-taken")),
    ("sites/more/nodes/More3/endpoint", "192.0.2.79", ("sites.more.nodes.More3", "not-a-name")),
    # keys that are twice
    ("sites/more/nodes/more1.lab.test/ssh/hostKey", host_key("gate.lab.test"), ("sites.oneport.nodes.gate.lab.test.ssh.hostKey", "host-key-taken")),
    # services
    ("services/dns/port", 53, ("services.web.port", "port-taken")),
    ("services/tunnelled/mode", "fast", ("services.tunnelled.mode", "not-a-choice")),
    ("services/tunnelled/at", ["closed", "nowhere"], ("services.tunnelled.at", "not-a-place")),
    ("services/tunnelled/prt", 80, ("services.tunnelled.prt", "unknown-field")),
    # gateways
    ("sites/more/gateway", "gate.lab.test", ("sites.more.gateway", "not-a-node")),
    ("sites/open/gateway", None, ("sites.open.clients", "no-gateway")),
    # ports
    ("mesh/listenPort", 70000, ("mesh.listenPort", "not-a-number")),
    ("sites/more/nodes/more2.lab.test/endpoint", "192.0.2.78:99999", ("sites.more.nodes.more2.lab.test.endpoint", "not-an-endpoint")),
    ("sites/closed/nodes/closed2.lab.test/ssh/port", 0, ("sites.closed.nodes.closed2.lab.test.ssh.port", "not-a-number")),
    ("kubernetes/apiAddress", "192.0.2.11:70000", ("kubernetes.apiAddress", "not-an-endpoint")),
    # fields that nobody knows
    ("kubernets", {"version": "1"}, ("kubernets", "unknown-field")),
    ("mesh/mtuu", 1400, ("mesh.mtuu", "unknown-field")),
    ("sites/oneport/gatway", "x", ("sites.oneport.gatway", "unknown-field")),
    ("sites/open/nodes/open1.lab.test/lables", {}, ("sites.open.nodes.open1.lab.test.lables", "unknown-field")),
    ("sites/open/nodes/open1.lab.test/ssh/usr", "x", ("sites.open.nodes.open1.lab.test.ssh.usr", "unknown-field")),
    ("clients/ada/adress", "x", ("clients.ada.adress", "unknown-field")),
    ("ssh/knownHosts", "x", ("ssh.knownHosts", "unknown-field")),
    # values of another form
    ("mesh/presharedKeys", "yes", ("mesh.presharedKeys", "not-a-flag")),
    ("kubernetes/version", "v1.35", ("kubernetes.version", "not-a-version")),
    ("kubernetes/nodePrefix", 99, ("kubernetes.nodePrefix", "not-a-number")),
    ("sites/open/nodes/open2.lab.test/roles", ["etcd"], ("sites", "even-etcd")),
    ("kubernetes/deployer", "nobody", ("kubernetes.deployer", "not-a-node")),
    ("sites/open/nodes/open2.lab.test/taints", ["gpu"], ("sites.open.nodes.open2.lab.test.taints", "not-a-taint")),
]  # fmt: skip
"""A path, what is written there, path and code of its problem."""


def configuration() -> dict[str, object]:
    config = with_clients(
        ada={"site": "oneport", "address": "192.168.7.200"}, bea={"site": "oneport"}, cyd={"site": "oneport"}
    )
    config = changed("sites/open/gateway", "open1.lab.test", config)
    for number, name in enumerate(("more1.lab.test", "more2.lab.test", "More3", "closed1.lab.test")):
        node = {"address": f"192.168.7.{20 + number}", "ssh": {"hostKey": host_key(name), "port": 4000 + number}}
        config = changed(f"sites/more/nodes/{name}", node, config)
    config = changed("sites/more/nodes/more2.lab.test/ssh/port", 22, config)
    config = changed("sites/more/nodes/closed1.lab.test/ssh/host", "192.0.2.77", config)
    public = {"nodePort": 30053, "from": "public", "at": ["closed"]}
    config = changed("services", {
        "dns": {**public, "protocol": "udp"}, "web": {**public, "protocol": "udp", "port": 53}, "tunnelled": {**public, "port": 443},
    }, config)  # fmt: skip
    for path, value, _ in MISTAKES:
        config = changed(path, value, config)
    return changed("sites/more/institution", "more", config)


def test_all_of_them_are_reported_in_one_run_and_nothing_else() -> None:
    assert sorted(mistakes(configuration())) == sorted(expected for _, _, expected in MISTAKES)
