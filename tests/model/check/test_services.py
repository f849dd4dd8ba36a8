"""Mistakes about services are told at the preview, with their path and what to write instead."""

import pytest

from components.model.configuration import parse
from components.model.problems import ConfigError
from tests.support.examples import HOST_KEY, addresses, changed, read, three_sites

WEB: dict[str, object] = {"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]}
PROGRAM: dict[str, object] = {"port": 443, "hostPort": 8443, "from": "public", "at": ["open"]}
LAN: dict[str, object] = {"port": 443, "target": "10.2.0.50:443", "from": "public", "at": ["closed"]}


def problems(services: object, base: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(changed("services", services, base or three_sites()), read)
    return [str(problem) for problem in caught.value.problems]


def test_these_services_have_no_mistake() -> None:
    declared = {"web": WEB, "program": {**PROGRAM, "port": 444}, "lan": {**LAN, "port": 445}}
    assert len(parse(changed("services", declared, three_sites()), read).services) == 3


@pytest.mark.parametrize(
    ("base", "field", "value", "expected"),
    [
        (WEB, "port", None, "web.port: is missing; write for example `port: 443`"),
        (WEB, "port", 70000, "web.port: 70000 is not a port from 1 to 65535; write for example `port: 443`"),
        (WEB, "port", "https", "web.port: 'https' is not a port from 1 to 65535"),
        (WEB, "port", 30444, "web.port: 30444/tcp at open1.lab.test is one of Kubernetes' NodePorts, 30000-32767; choose another port"),
        (WEB, "port", 22, "web.port: 22/tcp at open1.lab.test is SSH's; choose another port"),
        (WEB, "port", 6443, "web.port: 6443/tcp at open1.lab.test is the API server's; choose"),
        (WEB, "port", 10250, "web.port: 10250/tcp at open1.lab.test is kubelet's; choose"),
        (WEB, "port", 2379, "web.port: 2379/tcp at open1.lab.test is etcd's; choose"),
        (WEB, "protocol", "sctp", "web.protocol: 'sctp' is not known; write one of tcp, udp"),
        (WEB, "nodePort", None, "web: has none of nodePort, hostPort, target; write what answers"),
        (WEB, "hostPort", 8443, "web: has nodePort and hostPort; write one of them"),
        (WEB, "nodePort", 443, "web.nodePort: 443 is not in Kubernetes' range of NodePorts, 30000-32767; write the NodePort of the cluster's Service, or `hostPort`"),
        (WEB, "at", ["uvic"], "web.at: uvic is neither a declared site nor a node; write names of sites or nodes, for example `at: [closed]`"),
        (WEB, "at", [], "web.at: is empty; write names of sites or nodes"),
        (WEB, "at", "closed", "web.at: 'closed' is not a list of texts"),
        (WEB, "entries", ["nowhere"], "web.entries: nowhere is neither a declared site nor a node"),
        (WEB, "entries", ["closed1.lab.test"], "web.entries: closed1.lab.test has no endpoint, so nobody can come there by IPv4 and IPv6; write another entry, or the endpoint of this one"),
        (WEB, "entries", ["closed"], "web.entries: closed has no endpoint, so nobody can come there"),
        (WEB, "entries", ["gate.lab.test", "inner1.lab.test"], "web.entries: 443/tcp at 203.0.113.8 is forwarded to gate.lab.test already; choose another port, or another entry than inner1.lab.test"),
        (WEB, "from", "everybody", "web.from: 'everybody' is not known; write `mesh`, `public` or a list of ranges, `from: [203.0.113.0/24]`"),
        (WEB, "from", [], "web.from: [] is not known"),
        (WEB, "from", ["203.0.113.7/24"], "web.from: '203.0.113.7/24' is neither a range in CIDR form nor an address; write 203.0.113.0/24"),
        (WEB, "from", ["192.168.7.0/25"], "web.from: 192.168.7.0/25 is of mesh.cidr 192.168.7.0/24, whose members may always come; remove it, or write `from: mesh`"),
        (WEB, "from", ["2001:db8::/32"], "web.mode: is auto, and there is no public IPv6 node anywhere; write `entries: [NODE]`, one behind a router"),
        (WEB, "mode", "fast", "web.mode: 'fast' is not known; write one of auto, direct, tunnel"),
        (WEB, "mode", "direct", "web.mode: is direct, and no public node is at closed, where it runs; write `mode: auto`, have it run elsewhere (`at`), or write `entries: [NODE]`"),
        (PROGRAM, "mode", "tunnel", "web.mode: is tunnel, and there is no public node anywhere but where it runs; write `entries: [NODE]`"),
        (WEB, "clientAddress", "known", "web.clientAddress: 'known' is not known; write one of hidden, proxy-protocol, kept"),
        (WEB, "clientAddress", "kept", "web.clientAddress: is kept only where clients reach the program itself, with `hostPort`, and this has `nodePort`; write `proxy-protocol`, which the program has to understand, or run it with `hostPort`"),
        (LAN, "clientAddress", "kept", "with `hostPort`, and this has `target`; write `proxy-protocol`"),
        (PROGRAM, "at", ["oneport"], None),
        (PROGRAM, "port", 8443, "web.port: 8443/tcp at open1.lab.test is that of the program itself, its hostPort; write `clientAddress: kept`, or choose another port"),
        (LAN, "at", None, "web.at: is missing, and not every node reaches the target; write the sites or nodes that do: `at: [closed]`"),
        (LAN, "target", "10.2.0.50:0", "web.target: '10.2.0.50:0' is not HOST or HOST:PORT: a port is a number from 1 to 65535; write for example `target: 10.1.0.50:443`"),
        (LAN, "target", "192.168.7.6:80", "web.target: 192.168.7.6 is inside mesh.cidr 192.168.7.0/24; write `hostPort: PORT` and `at: [NODE]`"),
        (WEB, "adress", "x", "web.adress: is not a known field"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(base: dict[str, object], field: str, value: object, expected: str | None) -> None:
    service = {name: one for name, one in {**base, field: value}.items() if one is not None}
    if expected is None:
        assert parse(changed("services", {"web": service}, three_sites()), read)
        return
    found = problems({"web": service})
    assert [one for one in found if f"services.{expected}" in one or expected in one], "\n".join(found)
    assert len(found) == 1, "\n".join(found)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({**PROGRAM, "clientAddress": "kept", "mode": "tunnel"}, "clientAddress: is not kept by a tunnel: another host answers; write `proxy-protocol`, which the program has to understand, or write `mode: direct`"),
        ({**PROGRAM, "clientAddress": "kept", "at": ["closed"]}, "clientAddress: is kept at a public node where it runs, and there is none; write `proxy-protocol`, or `entries: [NODE]`"),
        ({**PROGRAM, "clientAddress": "kept", "entries": ["gate.lab.test"]}, "clientAddress: is not kept at gate.lab.test: the program does not run there; have it enter where it runs, or write `proxy-protocol`"),
        ({**WEB, "protocol": "udp", "clientAddress": "proxy-protocol"}, "clientAddress: the PROXY protocol is for TCP, and this is UDP; write `hidden`, or `kept` with `hostPort`"),
        ({**WEB, "protocol": "udp", "from": ["2001:db8::/32"]}, "from: has IPv6 ranges only, and UDP goes into wg0 by IPv4 only; write IPv4 ranges"),
        ({**WEB, "protocol": "udp", "port": 51820}, "port: 51820/udp at open1.lab.test is WireGuard's, mesh.listenPort; choose another port"),
        ({**WEB, "protocol": "udp", "port": 4789}, "port: 4789/udp at open1.lab.test is VXLAN's, of the pods; choose"),
        ({**LAN, "protocol": "udp", "target": "backend.example.org:53"}, "target: backend.example.org is not an IPv4 address of a host, and UDP packets are only readdressed; write the host's IPv4 address"),
        ({**LAN, "protocol": "udp", "target": "127.0.0.1:53"}, "target: 127.0.0.1 is not an IPv4 address of a host, and UDP packets are only readdressed; write"),
        ({**WEB, "from": "mesh", "mode": "tunnel"}, "mode: tunnel is about clients from outside, and `from` is mesh; write `from: public` or a list of ranges, or remove `mode`"),
        ({**WEB, "mode": "direct", "entries": ["open1.lab.test"]}, "entries: open1.lab.test is at open, where it does not run, and `mode` is direct; write an entry where it runs, or `mode: auto`"),
        ({**PROGRAM, "mode": "tunnel", "entries": ["open1.lab.test"]}, "entries: open1.lab.test is at open, where it runs, and `mode` is tunnel; write an entry at another site, or `mode: auto`"),
        ({**WEB, "protocol": "udp", "port": 4500, "entries": ["oneport"]}, "entries: 4500/udp at 203.0.113.8 is the endpoint of gate.lab.test; choose another port, or another entry"),
        ({**WEB, "port": 2212, "entries": ["oneport"]}, "entries: 2212/tcp at 203.0.113.8 is where SSH of inner1.lab.test is; choose another port"),
    ],
)  # fmt: skip
def test_a_combination_that_cannot_be_is_named(service: dict[str, object], expected: str) -> None:
    assert [one.split("; ")[0] for one in problems({"web": service})] == [f"services.web.{expected}".split("; ")[0]]
    assert expected in problems({"web": service})[0]


def test_there_has_to_be_a_public_node_somewhere() -> None:
    config = three_sites()
    for name, address in (("open1.lab.test", "10.3.0.1"), ("open2.lab.test", "10.3.0.2")):
        config = changed(f"sites/open/nodes/{name}/lanAddress", address, config)
    for mode in ("auto", "tunnel"):
        (found,) = problems({"web": {**WEB, "mode": mode}}, config)
        assert found.startswith(f"services.web.mode: is {mode}, and there is no public node anywhere")
    assert parse(changed("services", {"web": {**WEB, "entries": ["open1.lab.test"]}}, config), read)


def test_an_entry_of_the_other_family_is_named() -> None:
    service = {**WEB, "at": ["four"], "entries": ["six"], "from": ["203.0.113.0/24"]}
    (found,) = problems({"web": service}, addresses())
    assert found.startswith("services.web.entries: six has 2001:db8:6::11, so nobody can come there by IPv4; write")
    (found,) = problems({"web": {**service, "entries": ["six.lab.test"]}}, addresses())
    assert found.startswith("services.web.entries: six.lab.test has 2001:db8:6::11, so nobody can come there by IPv4;")


def test_two_services_on_one_port_of_one_entry_are_refused_and_told_once() -> None:
    found = problems({"web": {**WEB, "at": ["open"]}, "other": {**PROGRAM, "from": ["203.0.113.0/24"]}})
    assert found == [
        "services.web.port: 443/tcp at open1.lab.test is already that of the service other; choose another port, or other entries"
    ]
    udp = {**WEB, "protocol": "udp"}
    assert parse(changed("services", {"web": WEB, "dns": udp}, three_sites()), read), "TCP and UDP are two"
    apart = {"web": {**WEB, "entries": ["open1.lab.test"]}, "other": {**WEB, "entries": ["open2.lab.test"]}}
    assert parse(changed("services", apart, three_sites()), read)


def test_an_inner_hop_is_a_listener_too() -> None:
    found = problems({"lan": LAN, "web": {"port": 443, "nodePort": 30443, "at": ["closed1.lab.test"]}})
    assert found == [
        "services.web.port: 443/tcp at closed1.lab.test is already that of the service lan; choose another port, or other entries"
    ]
    taken = problems({"lan": {**LAN, "port": 10250}})
    assert [one.split(";")[0] for one in taken] == ["services.lan.port: 10250/tcp at open1.lab.test is kubelet's"]


def test_a_program_of_another_service_has_its_port() -> None:
    found = problems({"a": {**PROGRAM, "hostPort": 8443}, "b": {**WEB, "port": 8443}})
    assert found == [
        "services.b.port: 8443/tcp at open1.lab.test is that of a program, the hostPort of the service a; choose another port"
    ]


def test_ranges_of_node_ports_and_the_apis_port_are_those_of_kubespray() -> None:
    config = changed("kubernetes/variables", {"kube_apiserver_node_port_range": "20000-20100", "kube_apiserver_port": 8443.0}, three_sites())  # fmt: skip
    found = problems({"web": WEB, "api": {**WEB, "nodePort": 20001, "port": 8443}, "np": {**WEB, "nodePort": 20002, "port": 20050}}, config)  # fmt: skip
    assert [one.split(";")[0] for one in found] == [
        "services.web.nodePort: 30443 is not in Kubernetes' range of NodePorts, 20000-20100",
        "services.api.port: 8443/tcp at open1.lab.test is the API server's",
        "services.np.port: 20050/tcp at open1.lab.test is one of Kubernetes' NodePorts, 20000-20100",
    ]


def test_hosts_of_etcd_alone_have_no_node_ports() -> None:
    config = changed("sites/closed/nodes/closed1.lab.test/roles", ["etcd"], three_sites())
    config = changed("sites/closed/nodes/closed2.lab.test/roles", ["etcd"], config)
    found = problems({"web": {**WEB, "at": ["closed1.lab.test"]}}, config)
    assert found == [
        "services.web.at: closed1.lab.test has no NodePorts: its role is etcd alone; write sites or nodes that are control-plane or worker"
    ]


def test_the_port_of_the_apis_address_is_taken_too() -> None:
    config = changed("kubernetes/apiAddress", "203.0.113.8:443", three_sites())
    (found,) = problems({"web": {**WEB, "entries": ["oneport"]}}, config)
    assert found.startswith(
        "services.web.entries: 443/tcp at 203.0.113.8 is kubernetes.apiAddress; choose another port"
    )
    half = changed("sites/both/nodes/dual.lab.test/lanAddress", "10.9.0.1", addresses())
    half = changed("kubernetes/apiAddress", "192.0.2.11:443", half)
    (found,) = problems({"web": {**WEB, "at": ["four"], "entries": ["dual.lab.test"]}}, half)
    assert found.startswith("services.web.entries: 443/tcp at 192.0.2.11 is kubernetes.apiAddress"), (
        "by IPv6 it is public"
    )


def test_ports_of_hosts_behind_a_bastion_are_those_of_another_place() -> None:
    config = changed("sites/closed/nodes/closed1.lab.test/ssh/host", "203.0.113.8", three_sites())
    service = {**WEB, "port": 2250, "entries": ["oneport"]}
    config = changed("sites/closed/nodes/closed1.lab.test/ssh/port", 2250, config)
    (found,) = problems({"web": service}, config)
    assert "2250/tcp at 203.0.113.8 is where SSH of closed1.lab.test is" in found
    config = changed("sites/closed/ssh/bastion", {"host": "203.0.113.9", "hostKey": HOST_KEY}, config)
    assert parse(changed("services", {"web": service}, config), read)


@pytest.mark.parametrize("name", ["Web", "my web", "web.example", "-web", "w" * 64])
def test_a_name_is_a_dns_label(name: str) -> None:
    (found,) = problems({name: WEB})
    assert found.startswith(f"services.{name}: is not a DNS label: at most 63 small letters, digits and '-'; write for")


@pytest.mark.parametrize("value", ["text", 7, ["list"]])
def test_a_section_of_another_form_is_a_mistake_not_a_crash(value: object) -> None:
    assert problems(value) == [f"services: {value!r} is not a mapping; write `name: value` pairs below it"]
    found = problems({"web": value})
    assert found[0] == f"services.web: {value!r} is not a mapping; write `name: value` pairs below it"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_two_ports_that_become_one_of_a_host_are_refused_once(protocol: str) -> None:
    kept = {**PROGRAM, "clientAddress": "kept", "protocol": protocol}
    (problem,) = problems({"first": kept, "second": {**kept, "port": 444}})
    assert problem.startswith(
        f"services.second.port: is rewritten to 8443/{protocol} of open1.lab.test, as that of the service first: their answers"
        " could not be told apart; have the program listen at another port"
    )
    elsewhere = {"first": kept, "second": {**kept, "port": 444, "hostPort": 8444}}
    parse(changed("services", elsewhere, three_sites()), read)
    apart = {"first": {**kept, "at": ["open1.lab.test"]}, "second": {**kept, "port": 444, "at": ["open2.lab.test"]}}
    parse(changed("services", apart, three_sites()), read)
