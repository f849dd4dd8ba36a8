"""One configuration with every kind of mistake, and each of them is told, in one go and once."""

import pytest

from components.model.configuration import parse
from components.model.problems import ConfigError
from tests.support.examples import changed, host_key, read, with_clients

MISTAKES = [
    # ranges that overlap: mesh, pods, services, LANs, clients
    ("kubernetes/podCidr", "192.168.0.0/16", "kubernetes.podCidr: 192.168.0.0/16 overlaps mesh.cidr 192.168.7.0/24; choose"),
    ("kubernetes/serviceCidr", "192.168.128.0/18", "kubernetes.serviceCidr: 192.168.128.0/18 overlaps kubernetes.podCidr 192.168.0.0/16; choose"),
    ("sites/more/lan", "192.168.192.0/18", "sites.more.lan: 192.168.192.0/18 overlaps kubernetes.podCidr 192.168.0.0/16; choose"),
    ("sites/open/clients", "192.168.7.192/27", "sites.open.clients: 192.168.7.192/27 overlaps that of oneport, 192.168.7.128/25; choose"),
    # addresses that are twice, or where they cannot be
    ("sites/closed/nodes/closed2.lab.test/address", "192.168.7.6", "sites.closed.nodes.closed2.lab.test.address: 192.168.7.6 is already that of closed1.lab.test; write a free address of 192.168.7.0/24, such as 192.168.7.2"),
    ("sites/open/nodes/open2.lab.test/address", "192.168.7.130", "sites.open.nodes.open2.lab.test.address: 192.168.7.130 is inside sites.oneport.clients 192.168.7.128/25; write one outside"),
    ("sites/oneport/nodes/inner1.lab.test/lanAddress", "10.1.0.11", "sites.oneport.nodes.inner1.lab.test.lanAddress: 10.1.0.11 is already that of gate.lab.test; write"),
    ("clients/bea/address", "192.168.7.200", "clients.bea.address: 192.168.7.200 is already that of ada; write a free address of 192.168.7.128/25, such as 192.168.7.129"),
    ("clients/cyd/address", "192.168.7.9", "clients.cyd.address: 192.168.7.9 is not inside sites.oneport.clients 192.168.7.128/25; write"),
    # endpoints that are twice, or cannot be reached
    ("sites/open/nodes/open1.lab.test/endpoint", "203.0.113.8:4500", "sites.open.nodes.open1.lab.test.endpoint: 203.0.113.8:4500 is already that of gate.lab.test; give each its own port"),
    ("sites/more/nodes/more1.lab.test/endpoint", "192.168.50.9", "sites.more.nodes.more1.lab.test.endpoint: 192.168.50.9 is inside kubernetes.podCidr 192.168.0.0/16; write where packets from outside arrive"),
    ("sites/more/nodes/more2.lab.test/ssh/host", "192.0.2.12", "sites.open.nodes.open2.lab.test.ssh.host: 192.0.2.12:22 is already that of more2.lab.test; give each its own `ssh.port`"),
    # names that are twice
    ("sites/more/nodes/closed1.lab.test/endpoint", "192.0.2.77", "sites.more.nodes.closed1.lab.test: is already a node of site closed; declare each host once"),
    ("clients/gate.lab.test/site", "oneport", "clients.gate.lab.test: is already the name of a node; choose another name"),
    ("sites/more/nodes/More3/endpoint", "192.0.2.79", "sites.more.nodes.More3: is not a lower-case DNS name of at most 63 characters; write for example `more3`"),
    # keys that are twice
    ("sites/more/nodes/more1.lab.test/ssh/hostKey", host_key("gate.lab.test"), "sites.oneport.nodes.gate.lab.test.ssh.hostKey: is the key of more1.lab.test too: one of them is a copy of the other"),
    # services
    ("services/dns/port", 53, "services.web.port: 53/udp at closed1.lab.test is already that of the service dns; choose another port"),
    ("services/tunnelled/mode", "fast", "services.tunnelled.mode: 'fast' is not known; write one of auto, direct, tunnel"),
    ("services/tunnelled/at", ["closed", "nowhere"], "services.tunnelled.at: nowhere is neither a declared site nor a node; write"),
    ("services/tunnelled/prt", 80, "services.tunnelled.prt: is not a known field; did you mean `port`?"),
    # gateways
    ("sites/more/gateway", "gate.lab.test", "sites.more.gateway: gate.lab.test is not a node of this site; write one of More3, closed1.lab.test, more1.lab.test, more2.lab.test"),
    ("sites/open/gateway", None, "sites.open.clients: the site has no gateway that clients come in by; write `gateway: NODE`"),
    # ports
    ("mesh/listenPort", 70000, "mesh.listenPort: 70000 is not a UDP port from 1 to 65535; write"),
    ("sites/more/nodes/more2.lab.test/endpoint", "192.0.2.78:99999", "sites.more.nodes.more2.lab.test.endpoint: '192.0.2.78:99999' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write"),
    ("sites/closed/nodes/closed2.lab.test/ssh/port", 0, "sites.closed.nodes.closed2.lab.test.ssh.port: 0 is not a TCP port from 1 to 65535; write"),
    ("kubernetes/apiAddress", "192.0.2.11:70000", "kubernetes.apiAddress: '192.0.2.11:70000' is neither an address nor a name"),
    # fields that nobody knows
    ("kubernets", {"version": "1"}, "kubernets: is not a known field; did you mean `kubernetes`?"),
    ("mesh/mtuu", 1400, "mesh.mtuu: is not a known field; did you mean `mtu`?"),
    ("sites/oneport/gatway", "x", "sites.oneport.gatway: is not a known field; did you mean `gateway`?"),
    ("sites/open/nodes/open1.lab.test/lables", {}, "sites.open.nodes.open1.lab.test.lables: is not a known field; did you mean `labels`?"),
    ("sites/open/nodes/open1.lab.test/ssh/usr", "x", "sites.open.nodes.open1.lab.test.ssh.usr: is not a known field; did you mean `user`?"),
    ("clients/ada/adress", "x", "clients.ada.adress: is not a known field; did you mean `address`?"),
    ("ssh/knownHosts", "x", "ssh.knownHosts: is not a known field; did you mean `knownHostsFile`?"),
    # values of another form
    ("mesh/presharedKeys", "yes", "mesh.presharedKeys: 'yes' is neither true nor false; write"),
    ("kubernetes/version", "v1.35", "kubernetes.version: 'v1.35' is not a version; write"),
    ("kubernetes/nodePrefix", 99, "kubernetes.nodePrefix: 99 is not a prefix length from 16 to 30; write"),
    ("sites/open/nodes/open2.lab.test/roles", ["etcd"], "sites: 2 nodes have the role etcd: open1.lab.test, open2.lab.test; an even number"),
    ("kubernetes/deployer", "nobody", "kubernetes.deployer: nobody is not a declared node; write"),
    ("sites/open/nodes/open2.lab.test/taints", ["gpu"], "sites.open.nodes.open2.lab.test.taints: 'gpu' is not a taint; write"),
]  # fmt: skip
"""A path, what is written there, and what is told of it."""


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


def test_all_of_them_are_told_in_one_go_and_nothing_else() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(configuration(), read)
    found = [str(problem) for problem in caught.value.problems]
    missing = [expected for _, _, expected in MISTAKES if not any(one.startswith(expected) for one in found)]
    further = [one for one in found if not any(one.startswith(expected) for _, _, expected in MISTAKES)]
    assert not missing, "\n".join(["not told:", *missing, "told:", *found])
    assert not further
    assert len(found) == len(MISTAKES)
    assert str(caught.value).startswith(f"{len(MISTAKES)} mistakes in the configuration, nothing was changed")
