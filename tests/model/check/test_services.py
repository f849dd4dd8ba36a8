"""Mistakes in services are reported at the preview, with their path and what to write instead."""

import pytest

from components.model.configuration import parse
from tests.support.examples import HOST_KEY, addresses, changed, read, three_sites
from tests.support.mistakes import Mistake, messages, mistakes

WEB: dict[str, object] = {"port": 443, "nodePort": 30443, "from": "public", "at": ["closed"]}
PROGRAM: dict[str, object] = {"port": 443, "hostPort": 8443, "from": "public", "at": ["open"]}
LAN: dict[str, object] = {"port": 443, "target": "10.2.0.50:443", "from": "public", "at": ["closed"]}


def problems(services: object, base: dict[str, object] | None = None) -> list[str]:
    return messages(changed("services", services, base or three_sites()))


def named(services: object, base: dict[str, object] | None = None) -> list[Mistake]:
    return mistakes(changed("services", services, base or three_sites()))


def test_these_services_have_no_mistake() -> None:
    declared = {"web": WEB, "program": {**PROGRAM, "port": 444}, "lan": {**LAN, "port": 445}}
    assert len(parse(changed("services", declared, three_sites()), read).services) == 3


@pytest.mark.parametrize(
    ("base", "field", "value", "expected"),
    [
        (WEB, "port", None, ("services.web.port", "missing")),
        (WEB, "port", 70000, ("services.web.port", "not-a-number")),
        (WEB, "port", "https", ("services.web.port", "not-a-number")),
        (WEB, "port", 30444, ("services.web.port", "port-taken")),
        (WEB, "port", 22, ("services.web.port", "port-taken")),
        (WEB, "port", 6443, ("services.web.port", "port-taken")),
        (WEB, "port", 10250, ("services.web.port", "port-taken")),
        (WEB, "port", 2379, ("services.web.port", "port-taken")),
        (WEB, "protocol", "sctp", ("services.web.protocol", "not-a-choice")),
        (WEB, "nodePort", None, ("services.web", "no-kind")),
        (WEB, "hostPort", 8443, ("services.web", "several-kinds")),
        (WEB, "nodePort", 443, ("services.web.nodePort", "not-a-node-port")),
        (WEB, "at", ["uvic"], ("services.web.at", "not-a-place")),
        (WEB, "at", [], ("services.web.at", "empty")),
        (WEB, "at", "closed", ("services.web.at", "not-a-list")),
        (WEB, "entries", ["nowhere"], ("services.web.entries", "not-a-place")),
        (WEB, "entries", ["closed1.lab.test"], ("services.web.entries", "entry-closed")),
        (WEB, "entries", ["closed"], ("services.web.entries", "entry-closed")),
        (WEB, "entries", ["gate.lab.test", "inner1.lab.test"], ("services.web.entries", "port-taken")),
        (WEB, "from", "everybody", ("services.web.from", "not-a-choice")),
        (WEB, "from", [], ("services.web.from", "not-a-choice")),
        (WEB, "from", ["203.0.113.7/24"], ("services.web.from", "not-a-range")),
        (WEB, "from", ["192.168.7.0/25"], ("services.web.from", "in-own-range")),
        (WEB, "from", ["2001:db8::/32"], ("services.web.mode", "no-public-node")),
        (WEB, "mode", "fast", ("services.web.mode", "not-a-choice")),
        (WEB, "mode", "direct", ("services.web.mode", "no-public-node")),
        (PROGRAM, "mode", "tunnel", ("services.web.mode", "no-public-node")),
        (WEB, "clientAddress", "known", ("services.web.clientAddress", "not-a-choice")),
        (WEB, "clientAddress", "kept", ("services.web.clientAddress", "address-not-kept")),
        (LAN, "clientAddress", "kept", ("services.web.clientAddress", "address-not-kept")),
        (PROGRAM, "at", ["oneport"], None),
        (PROGRAM, "port", 8443, ("services.web.port", "port-taken")),
        (LAN, "at", None, ("services.web.at", "missing")),
        (LAN, "target", "10.2.0.50:0", ("services.web.target", "not-an-endpoint")),
        (LAN, "target", "192.168.7.6:80", ("services.web.target", "in-own-range")),
        (WEB, "adress", "x", ("services.web.adress", "unknown-field")),
    ],
)  # fmt: skip
def test_a_mistake_is_reported(base: dict[str, object], field: str, value: object, expected: Mistake | None) -> None:
    service = {name: one for name, one in {**base, field: value}.items() if one is not None}
    if expected is None:
        assert parse(changed("services", {"web": service}, three_sites()), read)
        return
    assert named({"web": service}) == [expected]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({**PROGRAM, "clientAddress": "kept", "mode": "tunnel"}, ("services.web.clientAddress", "address-not-kept")),
        ({**PROGRAM, "clientAddress": "kept", "at": ["closed"]}, ("services.web.clientAddress", "address-not-kept")),
        ({**PROGRAM, "clientAddress": "kept", "entries": ["gate.lab.test"]}, ("services.web.clientAddress", "address-not-kept")),
        ({**WEB, "protocol": "udp", "clientAddress": "proxy-protocol"}, ("services.web.clientAddress", "proxy-protocol-udp")),
        ({**WEB, "protocol": "udp", "from": ["2001:db8::/32"]}, ("services.web.from", "udp-ipv6")),
        ({**WEB, "protocol": "udp", "port": 51820}, ("services.web.port", "port-taken")),
        ({**WEB, "protocol": "udp", "port": 4789}, ("services.web.port", "port-taken")),
        ({**LAN, "protocol": "udp", "target": "backend.example.org:53"}, ("services.web.target", "not-a-udp-target")),
        ({**LAN, "protocol": "udp", "target": "127.0.0.1:53"}, ("services.web.target", "not-a-udp-target")),
        ({**WEB, "from": "mesh", "mode": "tunnel"}, ("services.web.mode", "mode-of-mesh")),
        ({**WEB, "mode": "direct", "entries": ["open1.lab.test"]}, ("services.web.entries", "entry-not-direct")),
        ({**PROGRAM, "mode": "tunnel", "entries": ["open1.lab.test"]}, ("services.web.entries", "entry-not-tunnel")),
        ({**WEB, "protocol": "udp", "port": 4500, "entries": ["oneport"]}, ("services.web.entries", "port-taken")),
        ({**WEB, "port": 2212, "entries": ["oneport"]}, ("services.web.entries", "port-taken")),
    ],
)  # fmt: skip
def test_an_impossible_combination_is_reported(service: dict[str, object], expected: Mistake) -> None:
    assert named({"web": service}) == [expected]


def test_there_has_to_be_a_public_node_somewhere() -> None:
    config = three_sites()
    for name, address in (("open1.lab.test", "10.3.0.1"), ("open2.lab.test", "10.3.0.2")):
        config = changed(f"sites/open/nodes/{name}/lanAddress", address, config)
    for mode in ("auto", "tunnel"):
        (actual,) = problems({"web": {**WEB, "mode": mode}}, config)
        assert actual.startswith(f"services.web.mode: is {mode}, and there is no public node anywhere")
    assert parse(changed("services", {"web": {**WEB, "entries": ["open1.lab.test"]}}, config), read)


def test_an_entry_of_the_other_family_is_reported() -> None:
    service = {**WEB, "at": ["four"], "entries": ["six"], "from": ["203.0.113.0/24"]}
    (actual,) = problems({"web": service}, addresses())
    assert actual.startswith(
        "services.web.entries: six has 2001:db8:6::11, so clients cannot reach it over IPv4; write"
    )
    (actual,) = problems({"web": {**service, "entries": ["six.lab.test"]}}, addresses())
    assert actual.startswith(
        "services.web.entries: six.lab.test has 2001:db8:6::11, so clients cannot reach it over IPv4;"
    )


def test_two_services_on_one_port_of_one_entry_are_refused_and_reported_once() -> None:
    actual = problems({"web": {**WEB, "at": ["open"]}, "other": {**PROGRAM, "from": ["203.0.113.0/24"]}})
    assert actual == [
        "services.web.port: 443/tcp at open1.lab.test is already used by the service other; choose another port, or other entries"
    ]
    udp = {**WEB, "protocol": "udp"}
    assert parse(changed("services", {"web": WEB, "dns": udp}, three_sites()), read), "TCP and UDP are two"
    apart = {"web": {**WEB, "entries": ["open1.lab.test"]}, "other": {**WEB, "entries": ["open2.lab.test"]}}
    assert parse(changed("services", apart, three_sites()), read)


def test_an_inner_hop_is_a_listener_too() -> None:
    actual = problems({"lan": LAN, "web": {"port": 443, "nodePort": 30443, "at": ["closed1.lab.test"]}})
    assert actual == [
        "services.web.port: 443/tcp at closed1.lab.test is already used by the service lan; choose another port, or other entries"
    ]
    taken = problems({"lan": {**LAN, "port": 10250}})
    assert [one.split(";")[0] for one in taken] == ["services.lan.port: 10250/tcp at open1.lab.test is kubelet's"]


def test_a_program_of_another_service_has_its_port() -> None:
    actual = problems({"a": {**PROGRAM, "hostPort": 8443}, "b": {**WEB, "port": 8443}})
    assert actual == [
        "services.b.port: 8443/tcp at open1.lab.test is that of a program, the hostPort of the service a; choose another port"
    ]


def test_ranges_of_node_ports_and_the_apis_port_are_those_of_kubespray() -> None:
    config = changed("kubernetes/variables", {"kube_apiserver_node_port_range": "20000-20100", "kube_apiserver_port": 8443.0}, three_sites())  # fmt: skip
    actual = problems({"web": WEB, "api": {**WEB, "nodePort": 20001, "port": 8443}, "np": {**WEB, "nodePort": 20002, "port": 20050}}, config)  # fmt: skip
    assert [one.split(";")[0] for one in actual] == [
        "services.web.nodePort: 30443 is not in Kubernetes' range of NodePorts, 20000-20100",
        "services.api.port: 8443/tcp at open1.lab.test is the API server's",
        "services.np.port: 20050/tcp at open1.lab.test is one of Kubernetes' NodePorts, 20000-20100",
    ]


def test_hosts_of_etcd_alone_have_no_node_ports() -> None:
    config = changed("sites/closed/nodes/closed1.lab.test/roles", ["etcd"], three_sites())
    config = changed("sites/closed/nodes/closed2.lab.test/roles", ["etcd"], config)
    actual = problems({"web": {**WEB, "at": ["closed1.lab.test"]}}, config)
    assert actual == [
        "services.web.at: closed1.lab.test has no NodePorts: its role is etcd alone; write sites or nodes that are control-plane or worker"
    ]


def test_the_port_of_the_apis_address_is_taken_too() -> None:
    config = changed("kubernetes/apiAddress", "203.0.113.8:443", three_sites())
    (actual,) = problems({"web": {**WEB, "entries": ["oneport"]}}, config)
    assert actual.startswith(
        "services.web.entries: 443/tcp at 203.0.113.8 is kubernetes.apiAddress; choose another port"
    )
    half = changed("sites/both/nodes/dual.lab.test/lanAddress", "10.9.0.1", addresses())
    half = changed("kubernetes/apiAddress", "192.0.2.11:443", half)
    (actual,) = problems({"web": {**WEB, "at": ["four"], "entries": ["dual.lab.test"]}}, half)
    assert actual.startswith("services.web.entries: 443/tcp at 192.0.2.11 is kubernetes.apiAddress"), (
        "by IPv6 it is public"
    )


def test_ports_of_hosts_behind_a_bastion_are_those_of_another_place() -> None:
    config = changed("sites/closed/nodes/closed1.lab.test/ssh/host", "203.0.113.8", three_sites())
    service = {**WEB, "port": 2250, "entries": ["oneport"]}
    config = changed("sites/closed/nodes/closed1.lab.test/ssh/port", 2250, config)
    (actual,) = problems({"web": service}, config)
    assert "2250/tcp at 203.0.113.8 is where SSH of closed1.lab.test is" in actual
    config = changed("sites/closed/ssh/bastion", {"host": "203.0.113.9", "hostKey": HOST_KEY}, config)
    assert parse(changed("services", {"web": service}, config), read)


@pytest.mark.parametrize("name", ["Web", "my web", "web.example", "-web", "w" * 64])
def test_a_name_is_a_dns_label(name: str) -> None:
    (actual,) = problems({name: WEB})
    assert actual.startswith(
        f"services.{name}: is not a DNS label: at most 63 lower-case letters, digits and '-'; write for"
    )


@pytest.mark.parametrize("value", ["text", 7, ["list"]])
def test_a_section_of_another_form_is_a_mistake_not_a_crash(value: object) -> None:
    assert problems(value) == [f"services: {value!r} is not a mapping; write `name: value` pairs below it"]
    actual = problems({"web": value})
    assert actual[0] == f"services.web: {value!r} is not a mapping; write `name: value` pairs below it"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_two_ports_that_become_one_of_a_host_are_refused_once(protocol: str) -> None:
    kept = {**PROGRAM, "clientAddress": "kept", "protocol": protocol}
    (problem,) = problems({"first": kept, "second": {**kept, "port": 444}})
    assert problem.startswith(
        f"services.second.port: is rewritten to 8443/{protocol} of open1.lab.test, as that of the service first: their replies"
        " could not be distinguished; have the program listen at another port"
    )
    elsewhere = {"first": kept, "second": {**kept, "port": 444, "hostPort": 8444}}
    parse(changed("services", elsewhere, three_sites()), read)
    apart = {"first": {**kept, "at": ["open1.lab.test"]}, "second": {**kept, "port": 444, "at": ["open2.lab.test"]}}
    parse(changed("services", apart, three_sites()), read)
