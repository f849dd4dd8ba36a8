"""The text of each message, held once: other tests compare the path and the code."""

from collections.abc import Callable

import pytest

from tests.support.examples import addresses, changed, configuration, host_key, three_sites, with_clients
from tests.support.mistakes import messages


def with_ada() -> dict[str, object]:
    return with_clients(ada={})


MESSAGES: list[tuple[Callable[[], dict[str, object]], str, object, str]] = [
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/address", '192.168.0.7', "sites.uvic.nodes.uvic001.hl-lhc.io.address: 192.168.0.7 is already used by msu001.hl-lhc.io; write a free address of 192.168.0.0/24, such as 192.168.0.1"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/address", '192.168.0.256', "sites.uvic.nodes.uvic001.hl-lhc.io.address: '192.168.0.256' is not an IPv4 address; write one inside 192.168.0.0/24"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/address", '10.0.0.1', "sites.uvic.nodes.uvic001.hl-lhc.io.address: 10.0.0.1 is not inside mesh.cidr 192.168.0.0/24; write a free address of 192.168.0.0/24, such as 192.168.0.1"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/address", '192.168.0.255', "sites.uvic.nodes.uvic001.hl-lhc.io.address: 192.168.0.255 is the network or broadcast address of 192.168.0.0/24; write a free address of 192.168.0.0/24, such as 192.168.0.1"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/endpoint", '192.41.237.213:51820', "sites.uvic.nodes.uvic001.hl-lhc.io.endpoint: 192.41.237.213:51820 is already used by msu001.hl-lhc.io; give each its own port, as forwarded by the site's firewall"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/endpoint", '206.12.98.227:0', "sites.uvic.nodes.uvic001.hl-lhc.io.endpoint: '206.12.98.227:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write for example `endpoint: 192.0.2.7:51820`"),
    (configuration, "sites/aglt2/nodes/umich001.hl-lhc.io/institution", None, "sites.aglt2.nodes.umich001.hl-lhc.io.institution: is missing; write for example `institution: uchicago`"),
    (configuration, "kubernetes/version", None, "kubernetes.version: is missing; write for example `version: \"1.35.4\"`"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/labels", {'site': 'other'}, "sites.uvic.nodes.uvic001.hl-lhc.io.labels.site: is set by the program; remove it; it comes from the site"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/labels", {'rack': 'a b'}, "sites.uvic.nodes.uvic001.hl-lhc.io.labels.rack: rack=a b is not a Kubernetes label; use at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/labels", {'rack': 12}, "sites.uvic.nodes.uvic001.hl-lhc.io.labels.rack: 12 is not a string; quote it, for example `rack: \"12\"`"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/taints", ['gpu'], "sites.uvic.nodes.uvic001.hl-lhc.io.taints: 'gpu' is not a taint; write `key=value:NoSchedule`"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/roles", ['master'], "sites.uvic.nodes.uvic001.hl-lhc.io.roles: 'master' is not a role; write some of control-plane, etcd, worker"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/adress", '192.168.0.9', "sites.uvic.nodes.uvic001.hl-lhc.io.adress: is not a known field; did you mean `address`?"),
    (configuration, "nodes", {}, "nodes: is not a known field; known here: clients, firewall, kubernetes, mesh, protect, secretVariables, services, sites, ssh"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {'hostKey': 'ssh-ed25519 nonsense'}, "sites.uvic.nodes.uvic001.hl-lhc.io.ssh.hostKey: is not a whole public host key; write `ssh-ed25519 AAAA...` as in known_hosts, without a name"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {'host': 'a b'}, "sites.uvic.nodes.uvic001.hl-lhc.io.ssh.host: 'a b' is neither an address nor a DNS name; write one of the two"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {'port': 70000}, "sites.uvic.nodes.uvic001.hl-lhc.io.ssh.port: 70000 is not a TCP port from 1 to 65535; write for example `port: 22`"),
    (configuration, "mesh/mtu", 900, "mesh.mtu: 900 is not a number of bytes from 1280 to 8920; write for example `mtu: 1420`"),
    (configuration, "sites/mwt2/nodes/uchicago002.hl-lhc.io/roles", ['control-plane'], "sites: 2 nodes have the role etcd: uchicago003.hl-lhc.io, uchicago004.hl-lhc.io; an even number adds no safety and Kubespray refuses it: give the role to 1, 3 or 5 nodes"),
    (configuration, "mesh/cidr", '192.168.0.0/33', "mesh.cidr: '192.168.0.0/33' is not an IPv4 network in CIDR form; write for example `cidr: 192.168.0.0/24`"),
    (configuration, "mesh/cidr", None, "mesh.cidr: is missing; write for example `cidr: 192.168.0.0/24`"),
    (configuration, "mesh/presharedKeys", 'yes', "mesh.presharedKeys: 'yes' is neither true nor false; write true or false, unquoted"),
    (configuration, "kubernetes/version", 'v1.35.4', "kubernetes.version: 'v1.35.4' is not a version; write it whole and without a v: \"1.35.4\""),
    (configuration, "kubernetes/podCidr", '192.168.0.0/16', "kubernetes.podCidr: 192.168.0.0/16 overlaps mesh.cidr 192.168.0.0/24; choose ranges that have no address in common"),
    (configuration, "kubernetes/serviceCidr", '10.233.64.0/18', "kubernetes.serviceCidr: 10.233.64.0/18 overlaps kubernetes.podCidr 10.233.64.0/18; choose ranges that have no address in common"),
    (configuration, "kubernetes/podCidr", '10.244.0.0/22', "kubernetes.podCidr: 10.244.0.0/22 has room for 4 nodes of /24, 7 are declared; choose a larger range, or a longer nodePrefix"),
    (configuration, "kubernetes/deployer", 'nobody', "kubernetes.deployer: nobody is not a declared node; write the name of a node"),
    (configuration, "kubernetes/apiAddress", 'a b', "kubernetes.apiAddress: 'a b' is not HOST or HOST:PORT; write where the API is reached from outside: `192.0.2.2` (port 6443) or `api.example.org:443`"),
    (configuration, "kubernetes/apiAddress", '192.0.2.2:0', "kubernetes.apiAddress: '192.0.2.2:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write where the API is reached from outside: `192.0.2.2` (port 6443) or `api.example.org:443`"),
    (configuration, "kubernetes/networkPlugin", 'weave', "kubernetes.networkPlugin: 'weave' is not known; write one of calico, flannel"),
    (configuration, "kubernetes/firstControlPlane", 'uvic001.hl-lhc.io', "kubernetes.firstControlPlane: uvic001.hl-lhc.io is not a declared control-plane node; write the name of one"),
    (configuration, "kubernetes/kubespray", {}, "kubernetes.kubespray: is missing; write `directory: PATH`, or `repository: URL` and `commit: 40 hexadecimal digits`"),
    (configuration, "kubernetes/kubespray/commit", 'v2.31.0', "kubernetes.kubespray.commit: 'v2.31.0' is not a commit; write all 40 hexadecimal digits: a tag can move"),
    (configuration, "kubernetes/kubespray/directory", '/nowhere', "kubernetes.kubespray.directory: /nowhere is not a directory; write the path of one on the machine where Pulumi runs"),
    (configuration, "kubernetes/variables", {'calico_mtu': 1500}, "kubernetes.variables.calico_mtu: is set by the program (it follows mesh.mtu); remove it"),
    (configuration, "sites/uvic/variables", {'ip': '192.0.2.1'}, "sites.uvic.nodes.uvic001.hl-lhc.io.variables.ip: is set by the program (it is the wg0 address); remove it"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/variables", ['x'], "sites.uvic.nodes.uvic001.hl-lhc.io.variables: ['x'] is not a mapping; write `name: value` pairs below it"),
    (configuration, "ssh/knownHostsFile", 'nowhere', "ssh.knownHostsFile: nowhere cannot be read (No such file or directory); write the path of a known_hosts file that holds the key of every host"),
    (configuration, "ssh/knownHostsFile", None, "sites.uvic.nodes.uvic001.hl-lhc.io.ssh.hostKey: is missing, and there is no `ssh.knownHostsFile`; write `ssh.knownHostsFile: PATH`, a file with the keys of all hosts, or the key here"),
    (configuration, "ssh/privateKeyFile", 'Pulumi.yaml', "ssh.privateKeyFile: Pulumi.yaml is not a private key; write the path of an OpenSSH private key, or `false` to use the SSH agent"),
    (configuration, "sites/uvic/ssh", {'privateKeyFile': 'Pulumi.yaml'}, "sites.uvic.ssh.privateKeyFile: Pulumi.yaml is not a private key; write the path of an OpenSSH private key, or `false` to use the SSH agent"),
    (configuration, "sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {'privateKeyFile': 'nowhere'}, "sites.uvic.nodes.uvic001.hl-lhc.io.ssh.privateKeyFile: nowhere cannot be read (No such file or directory); write the path of an OpenSSH private key, or `false` to use the SSH agent"),
    (configuration, "sites/uvic/ssh", {'meshPort': 0}, "sites.uvic.ssh.meshPort: 0 is not a port from 1 to 65535; write for example `meshPort: 22`"),
    (configuration, "sites/uvic/variables", {'ansible_port': 2222}, "sites.uvic.nodes.uvic001.hl-lhc.io.variables.ansible_port: is set by the program (write ssh.meshPort of the node); remove it"),
    (configuration, "sites", None, "sites: is missing or empty; declare at least one site with one node"),
    (configuration, "sites/uvic/nodes/Uvic2", {'institution': 'uvic', 'endpoint': '192.0.2.99', 'ssh': {'hostKey': 'x'}}, "sites.uvic.nodes.Uvic2: is not a lower-case DNS name of at most 63 characters; write for example `uvic2`"),
    (configuration, "sites/aglt2/nodes/uvic001.hl-lhc.io", {'institution': 'x'}, "sites.uvic.nodes.uvic001.hl-lhc.io: is already a node of site aglt2; declare each host once"),
    (configuration, "firewall", {'enabled': True, 'ssh': ['office']}, "firewall.ssh: 'office' is neither a range in CIDR form nor an address; write for example `ssh: [203.0.113.0/24]`"),
    (configuration, "firewall", {'enabled': True}, "firewall.ssh: is missing, and SSH would work over wg0 only; write the ranges that SSH may come from, that of Pulumi's machine among them: `ssh: [203.0.113.0/24]`"),
    (configuration, "firewall", {'ssh': ['203.0.113.0/24']}, "firewall.enabled: is missing; write `enabled: true`, or `enabled: false` to have no firewall yet"),
    (three_sites, "sites/oneport/endpoint", '192.0.2.12', "sites.open.nodes.open2.lab.test.endpoint: 192.0.2.12:51820 is already used by gate.lab.test; give each its own port, as forwarded by the site's firewall"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'protocol': 'sctp'}}, "services.web.protocol: 'sctp' is not known; write one of tcp, udp"),
    (three_sites, "sites/oneport/gateway", 'open1.lab.test', "sites.oneport.gateway: open1.lab.test is not a node of this site; write one of gate.lab.test, inner1.lab.test, inner2.lab.test"),
    (three_sites, "sites/oneport/gateway", ['gate.lab.test', 'inner9'], "sites.oneport.gateway: inner9 is not a node of this site; write one of gate.lab.test, inner1.lab.test, inner2.lab.test"),
    (three_sites, "sites/oneport/gateway", ['gate.lab.test', 'gate.lab.test'], "sites.oneport.gateway: gate.lab.test is listed twice; write each gateway once"),
    (three_sites, "sites/oneport/gateway", ['gate.lab.test', 7], "sites.oneport.gateway: ['gate.lab.test', 7] is not a list of strings; write for example `gateway: gate.lab.test`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': 'closed'}}, "services.web.at: 'closed' is not a list of strings; write for example `at: [mwt2]`"),
    (three_sites, "sites/oneport/endpoint", ['203.0.113.8:4500', '203.0.113.8:4501'], "sites.oneport.endpoint: 2 ports, and the site has 1 `gateway`; write a port for each gateway, in their order, or for the first ones only"),
    (three_sites, "sites/oneport/gateway", 7, "sites.oneport.gateway: 7 is not a string; write for example `gateway: gate.lab.test`"),
    (three_sites, "sites/oneport/gateway", [], "sites.oneport.gateway: is missing, and the site has an `endpoint`; write the node that the port is forwarded to, for example `gateway: gate.lab.test`"),
    (three_sites, "sites/oneport/nodes/inner1.lab.test/endpoint", '203.0.113.8:4501', "sites.oneport.nodes.inner1.lab.test.endpoint: is 203.0.113.8:4501, and the site has one port for all its nodes, 203.0.113.8:4500; keep one of the two: the site's, or an endpoint at each node that has a port of its own"),
    (three_sites, "sites/oneport/nodes/inner1.lab.test/lanAddress", '10.9.0.1', "sites.oneport.nodes.inner1.lab.test.lanAddress: 10.9.0.1 is not inside the site's lan 10.1.0.0/24; write the host's address there"),
    (three_sites, "sites/oneport/nodes/inner1.lab.test/lanAddress", '10.1.0.255', "sites.oneport.nodes.inner1.lab.test.lanAddress: 10.1.0.255 is the network or broadcast address of 10.1.0.0/24; write the host's own address"),
    (three_sites, "sites/oneport/nodes/inner1.lab.test/lanAddress", '10.1.0.11', "sites.oneport.nodes.inner1.lab.test.lanAddress: 10.1.0.11 is already used by gate.lab.test; write the address of this host on its LAN"),
    (three_sites, "sites/oneport/nodes/inner1.lab.test/lanAddress", 'ten', "sites.oneport.nodes.inner1.lab.test.lanAddress: 'ten' is not an IPv4 or IPv6 address; write for example `lanAddress: 10.1.0.7`"),
    (three_sites, "sites/closed/nodes/closed1.lab.test/lanAddress", '10.233.1.7', "sites.closed.nodes.closed1.lab.test.lanAddress: 10.233.1.7 is inside kubernetes.serviceCidr 10.233.0.0/18; choose another range for kubernetes.serviceCidr, or correct the address"),
    (three_sites, "sites/oneport/lan", '10.1.0.7/24', "sites.oneport.lan: '10.1.0.7/24' is not an IPv4 or IPv6 network in CIDR form; write `lan: 10.1.0.0/24`"),
    (three_sites, "sites/oneport/lan", '192.168.0.0/16', "sites.oneport.lan: 192.168.0.0/16 overlaps mesh.cidr 192.168.7.0/24; choose another range for mesh.cidr: hosts at oneport would send packets for their LAN into the mesh"),
    (three_sites, "sites/oneport/lan", '10.0.0.0/8', "sites.oneport.lan: 10.0.0.0/8 overlaps kubernetes.podCidr 10.233.64.0/18; choose another range for kubernetes.podCidr: hosts at oneport would send packets for their LAN into the mesh"),
    (three_sites, "sites/oneport/lan", '10.0.0.0/8', "sites.oneport.lan: 10.0.0.0/8 overlaps kubernetes.serviceCidr 10.233.0.0/18; choose another range for kubernetes.serviceCidr: hosts at oneport would send packets for their LAN into the mesh"),
    (three_sites, "sites/oneport/nodes/gate.lab.test/ssh", {'hostKey': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEMvbtYg4+3ciPE1vzRwGY85D25VnrBew7+56NOpy2t'}, "sites.oneport.nodes.gate.lab.test.ssh.host: is missing, and there is no endpoint of its own to take the address from; write where this host is reached by SSH, for example `host: 192.0.2.7`"),
    (three_sites, "services", {'web': {'nodePort': 30443, 'from': 'public', 'at': ['closed']}}, "services.web.port: is missing; write for example `port: 443`"),
    (three_sites, "services", {'web': {'port': 30444, 'nodePort': 30443, 'from': 'public', 'at': ['closed']}}, "services.web.port: 30444/tcp at open1.lab.test is one of Kubernetes' NodePorts, 30000-32767; choose another port"),
    (three_sites, "services", {'web': {'port': 22, 'nodePort': 30443, 'from': 'public', 'at': ['closed']}}, "services.web.port: 22/tcp at open1.lab.test is SSH's; choose another port"),
    (three_sites, "services", {'web': {'port': 443, 'from': 'public', 'at': ['closed']}}, "services.web: has none of nodePort, hostPort, target; write what answers, for example `nodePort: 30443`, `hostPort: 8443` or `target: 10.1.0.50:443`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'hostPort': 8443}}, "services.web: has nodePort and hostPort; write one of them: what answers"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 443, 'from': 'public', 'at': ['closed']}}, "services.web.nodePort: 443 is not in Kubernetes' range of NodePorts, 30000-32767; write the NodePort of the cluster's Service, or `hostPort` for a port of the nodes themselves"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['uvic']}}, "services.web.at: uvic is neither a declared site nor a node; write names of sites or nodes, for example `at: [closed]`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'entries': ['nowhere']}}, "services.web.entries: nowhere is neither a declared site nor a node; write names of sites or nodes, for example `entries: [closed]`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': []}}, "services.web.at: is empty; write names of sites or nodes, for example `at: [closed]`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'entries': ['closed1.lab.test']}}, "services.web.entries: closed1.lab.test has no endpoint, so clients cannot reach it over IPv4 and IPv6; write another entry, or the endpoint of this one, its site's or its own"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'entries': ['closed']}}, "services.web.entries: closed has no endpoint, so clients cannot reach it over IPv4 and IPv6; write another entry, or the endpoint of this one, its site's or its own"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'entries': ['gate.lab.test', 'inner1.lab.test']}}, "services.web.entries: 443/tcp at 203.0.113.8 is forwarded to gate.lab.test already; choose another port, or another entry than inner1.lab.test"),
    (three_sites, "services", {'web': {'port': 4500, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'protocol': 'udp', 'entries': ['oneport']}}, "services.web.entries: 4500/udp at 203.0.113.8 is the endpoint of gate.lab.test; choose another port, or another entry than gate.lab.test"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'everybody', 'at': ['closed']}}, "services.web.from: 'everybody' is not known; write `mesh`, `public` or a list of ranges, `from: [203.0.113.0/24]`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': [], 'at': ['closed']}}, "services.web.from: [] is not known; write `mesh`, `public` or a list of ranges, `from: [203.0.113.0/24]`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': ['203.0.113.7/24'], 'at': ['closed']}}, "services.web.from: '203.0.113.7/24' is neither a range in CIDR form nor an address; write 203.0.113.0/24"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': ['192.168.7.0/25'], 'at': ['closed']}}, "services.web.from: 192.168.7.0/25 is part of mesh.cidr 192.168.7.0/24, whose members always have access; remove it, or write `from: mesh` for the mesh alone"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': ['2001:db8::/32'], 'at': ['closed']}}, "services.web.mode: is auto, and there is no public IPv6 node anywhere; write `entries: [NODE]`, one behind a router that forwards the port, or the endpoint of a host that has an address of its own"),
    (three_sites, "services", {'web': {'port': 443, 'hostPort': 8443, 'from': 'public', 'at': ['open'], 'mode': 'tunnel'}}, "services.web.mode: is tunnel, and there is no public node anywhere but where it runs; write `entries: [NODE]`, one behind a router that forwards the port, or the endpoint of a host that has an address of its own"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'mode': 'direct'}}, "services.web.mode: is direct, and no public node is at closed, where it runs; write `mode: auto`, have it run elsewhere (`at`), or write `entries: [NODE]`, one behind a router that forwards the port"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'clientAddress': 'kept'}}, "services.web.clientAddress: is kept only where clients reach the program itself, with `hostPort`, and this has `nodePort`; write `proxy-protocol`, which the program has to understand, or run it with `hostPort`"),
    (three_sites, "services", {'web': {'port': 443, 'target': '10.2.0.50:443', 'from': 'public'}}, "services.web.at: is missing, and not every node reaches the target; write the sites or nodes that do: `at: [closed]`"),
    (three_sites, "services", {'web': {'port': 443, 'target': '10.2.0.50:0', 'from': 'public', 'at': ['closed']}}, "services.web.target: '10.2.0.50:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write for example `target: 10.1.0.50:443`"),
    (three_sites, "services", {'web': {'port': 443, 'target': '192.168.7.6:80', 'from': 'public', 'at': ['closed']}}, "services.web.target: 192.168.7.6 is inside mesh.cidr 192.168.7.0/24; write `hostPort: PORT` and `at: [NODE]` for a program on a node"),
    (three_sites, "services", {'web': {'port': 443, 'hostPort': 8443, 'from': 'public', 'at': ['open'], 'clientAddress': 'kept', 'mode': 'tunnel'}}, "services.web.clientAddress: is not kept by a tunnel: another host answers; write `proxy-protocol`, which the program has to understand, or write `mode: direct`"),
    (three_sites, "services", {'web': {'port': 443, 'hostPort': 8443, 'from': 'public', 'at': ['closed'], 'clientAddress': 'kept'}}, "services.web.clientAddress: is kept at a public node where it runs, and there is none; write `proxy-protocol`, or `entries: [NODE]`, one behind a router that forwards the port"),
    (three_sites, "services", {'web': {'port': 443, 'hostPort': 8443, 'from': 'public', 'at': ['open'], 'clientAddress': 'kept', 'entries': ['gate.lab.test']}}, "services.web.clientAddress: is not kept at gate.lab.test: the program does not run there; have it enter where it runs, or write `proxy-protocol`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'protocol': 'udp', 'clientAddress': 'proxy-protocol'}}, "services.web.clientAddress: the PROXY protocol is for TCP, and this is UDP; write `hidden`, or `kept` with `hostPort`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': ['2001:db8::/32'], 'at': ['closed'], 'protocol': 'udp'}}, "services.web.from: has IPv6 ranges only, and UDP enters wg0 over IPv4 only; write IPv4 ranges, or `clientAddress: kept` with `hostPort` where it runs"),
    (three_sites, "services", {'web': {'port': 443, 'target': 'backend.example.org:53', 'from': 'public', 'at': ['closed'], 'protocol': 'udp'}}, "services.web.target: backend.example.org is not an IPv4 address of a host, and for UDP only the destination of packets is rewritten; write the host's IPv4 address"),
    (three_sites, "services", {'web': {'port': 443, 'target': '127.0.0.1:53', 'from': 'public', 'at': ['closed'], 'protocol': 'udp'}}, "services.web.target: 127.0.0.1 is not an IPv4 address of a host, and for UDP only the destination of packets is rewritten; write the host's IPv4 address"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'mesh', 'at': ['closed'], 'mode': 'tunnel'}}, "services.web.mode: tunnel applies to clients from outside, and `from` is mesh; write `from: public` or a list of ranges, or remove `mode`"),
    (three_sites, "services", {'web': {'port': 443, 'nodePort': 30443, 'from': 'public', 'at': ['closed'], 'mode': 'direct', 'entries': ['open1.lab.test']}}, "services.web.entries: open1.lab.test is at open, where it does not run, and `mode` is direct; write an entry where it runs, or `mode: auto`"),
    (three_sites, "services", {'web': {'port': 443, 'hostPort': 8443, 'from': 'public', 'at': ['open'], 'mode': 'tunnel', 'entries': ['open1.lab.test']}}, "services.web.entries: open1.lab.test is at open, where it runs, and `mode` is tunnel; write an entry at another site, or `mode: auto`"),
    (addresses, "sites/both/nodes/dual.lab.test/endpoint", ['[2001:db8::1]:0'], "sites.both.nodes.dual.lab.test.endpoint: '[2001:db8::1]:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write for example `endpoint: 192.0.2.7:51820`"),
    (addresses, "sites/closed/ssh/bastion", 'jump.example.org', "sites.closed.ssh.bastion: 'jump.example.org' is not a mapping; write `name: value` pairs below it"),
    (addresses, "sites/closed/ssh/bastion/hostKey", None, "sites.closed.ssh.bastion.hostKey: is missing, and ssh.knownHostsFile has no key for 203.0.113.9; add the key after comparing its fingerprint with the host's console (ssh-keyscan fetches it)"),
    (addresses, "sites/both/lan", '2001:db8:1::7/64', "sites.both.lan: '2001:db8:1::7/64' is not an IPv4 or IPv6 network in CIDR form; write `lan: 2001:db8:1::/64`"),
    (addresses, "sites/both/nodes/dual.lab.test/endpoint", ['192.0.2.11', '192.0.2.99:1'], "sites.both.nodes.dual.lab.test.endpoint: has 2 IPv4 endpoints: 192.0.2.11:51820, 192.0.2.99:1; write one of each family"),
    (addresses, "sites/both/nodes/dual.lab.test/endpoint", ['192.0.2.11', 'wg.example.org'], "sites.both.nodes.dual.lab.test.endpoint: has the name wg.example.org in a list; write the name alone: it stands for all its addresses (`ipFamilies` says of which families)"),
    (addresses, "sites/both/nodes/dual.lab.test/endpoint", ['192.0.2.11', 6], "sites.both.nodes.dual.lab.test.endpoint: ['192.0.2.11', 6] is not a list of strings; write for example `endpoint: 192.0.2.7:51820`"),
    (addresses, "sites/both/nodes/dual.lab.test/ipFamilies", ['IPv5'], "sites.both.nodes.dual.lab.test.ipFamilies: 'IPv5' is not an address family; write one or both: `ipFamilies: [IPv4, IPv6]`"),
    (addresses, "sites/both/ipFamilies", [], "sites.both.ipFamilies: is empty; write one or both: `ipFamilies: [IPv4, IPv6]`"),
    (addresses, "sites/both/nodes/dual.lab.test/ipFamilies", ['IPv4'], "sites.both.nodes.dual.lab.test.ipFamilies: IPv4 only, and the endpoint [2001:db8:1::11]:51820 is IPv6; write `ipFamilies: [IPv4, IPv6]`"),
    (addresses, "sites/closed/nodes/closed.lab.test/lanAddress", 'fe80::1', "sites.closed.nodes.closed.lab.test.lanAddress: fe80::1 is a link-local address; write a global one, a unique local one, or an IPv4 address"),
    (with_ada, "sites/oneport/clients", '192.168.7.7/29', "sites.oneport.clients: '192.168.7.7/29' is not an IPv4 network in CIDR form; write `clients: 192.168.7.0/29`"),
    (with_ada, "sites/oneport/clients", None, "clients: no site has `clients`; write `sites.oneport.clients: 192.168.7.192/26` at a site whose gateway has an endpoint, a part of mesh.cidr for the clients' addresses"),
    (with_ada, "sites/oneport/clients", '192.168.7.0/24', "sites.oneport.clients: 192.168.7.0/24 is not a part of mesh.cidr 192.168.7.0/24; write for example 192.168.7.192/26"),
    (with_ada, "sites/oneport/clients", '192.168.7.200/31', "sites.oneport.clients: 192.168.7.200/31 has no room for a client; write /30 or larger"),
    (with_ada, "sites/oneport/clients", '192.168.7.0/29', "sites.open.nodes.open1.lab.test.address: 192.168.7.1 is inside sites.oneport.clients 192.168.7.0/29; write one outside, such as 192.168.7.8"),
    (with_ada, "sites/open/clients", '192.168.7.64/27', "sites.open.clients: the site has no gateway for clients to connect to; write `gateway: NODE`, one with an endpoint, or write `clients` at another site"),
    (with_ada, "sites/oneport/endpoint", None, "sites.oneport.clients: its gateway gate.lab.test has no endpoint for clients to connect to; write the gateway's endpoint, or write `clients` at another site"),
    (with_ada, "sites/open/clients", '192.168.7.192/27', "sites.open.clients: 192.168.7.192/27 overlaps sites.oneport.clients 192.168.7.128/25; choose ranges that have no address in common"),
    (with_ada, "clients/ada/site", 'closed', "clients.ada.site: closed is not a site that has `clients`; write one of oneport"),
    (with_ada, "clients/ada/address", '192.168.7.9', "clients.ada.address: 192.168.7.9 is not inside sites.oneport.clients 192.168.7.128/25; write a free address of 192.168.7.128/25, such as 192.168.7.129"),
    (with_ada, "clients/ada/address", '192.168.7.255', "clients.ada.address: 192.168.7.255 is the network or broadcast address of 192.168.7.128/25; write a free address of 192.168.7.128/25, such as 192.168.7.129"),
    (with_ada, "clients/ada/address", 'ten', "clients.ada.address: 'ten' is not an IPv4 address; write one of 192.168.7.128/25"),
    (with_ada, "clients/ada/dns", ['a b'], "clients.ada.dns: 'a b' is neither an address of a host nor a domain; write `[192.0.2.53, example.org]`"),
    (with_ada, "clients/Ada Laptop", {}, "clients.Ada Laptop: is not a lower-case name of at most 63 letters, digits, '-' and '.'; write for example `ada-laptop`"),
    (with_ada, "clients/gate.lab.test", {}, "clients.gate.lab.test: is already the name of a node; choose another name for the client"),
]  # fmt: skip
"""A configuration, what is changed there, and the whole message."""

CLONED = {"site": "oneport", "address": "192.168.7.200"}


@pytest.mark.parametrize(("config", "path", "value", "expected"), MESSAGES)
def test_a_message_says_where_what_and_what_to_write(
    config: Callable[[], dict[str, object]], path: str, value: object, expected: str
) -> None:
    assert expected in messages(changed(path, value, config()))


def test_of_two_clients_the_second_is_to_get_another_address() -> None:
    assert messages(with_clients(ada=CLONED, bea=CLONED)) == [
        "clients.bea.address: 192.168.7.200 is already used by ada; write a free address of 192.168.7.128/25, such as 192.168.7.129"
    ]


def test_an_endpoint_inside_of_the_mesh_is_no_way_from_outside() -> None:
    config = changed("sites/open/nodes/open1.lab.test/endpoint", "192.168.7.77", three_sites())
    assert messages(config)[0] == (
        "sites.open.nodes.open1.lab.test.endpoint: 192.168.7.77 is inside mesh.cidr 192.168.7.0/24; "
        "write where packets from outside arrive, or choose another range for mesh.cidr"
    )


def test_a_host_key_that_two_hosts_have_is_a_copied_host() -> None:
    config = changed("sites/open/nodes/open2.lab.test/ssh/hostKey", host_key("open1.lab.test"), three_sites())
    assert messages(config) == [
        "sites.open.nodes.open2.lab.test.ssh.hostKey: is the key of open1.lab.test too: one of them is a copy of the other, "
        "or the key is wrong; make new keys on the copy (`rm /etc/ssh/ssh_host_*_key*; ssh-keygen -A`), or correct the key here"
    ]
