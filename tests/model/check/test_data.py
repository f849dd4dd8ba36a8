"""Text of the configuration is data: nothing that a shell, ssh, wg-quick, nft, HAProxy, git or Ansible would act on."""

# ruff: noqa: S104 - nothing is bound here
import base64
import copy

import pytest

from components.model.configuration import parse
from components.model.problems import ConfigError
from tests.support.examples import HOST_KEY, changed, host_key, read, three_sites, with_clients
from tests.support.mistakes import Mistake, mistakes, problems_of

OPEN1 = "sites/open/nodes/open1.lab.test"
INNER = "sites/oneport/nodes/inner1.lab.test"
CLOSED1 = "sites/closed/nodes/closed1.lab.test"
TEMPLATE = "{{ lookup('pipe', 'id') }}"


def dotted(path: str) -> str:
    return path.replace("/", ".")


def blob(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


EXECUTED = [
    ("firewall", {"enabled": True, "ssh": ["2001:db8::1%;id -un >pwned;:"]}, ("firewall.ssh", "not-a-range")),
    ("firewall", {"enabled": True, "ssh": ["2001:db8::%a/32"]}, ("firewall.ssh", "not-a-range")),
    (f"{INNER}/lanAddress", "fd00::1%\nPostUp = id", (f"{dotted(INNER)}.lanAddress", "not-a-line")),
    (f"{INNER}/lanAddress", "fd00::1%eth0", (f"{dotted(INNER)}.lanAddress", "not-an-address")),
    (f"{OPEN1}/endpoint", "2001:db8::1%\nPostUp = id", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "[2001:db8::1%eth0]:51820", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "[192.0.2.11]:51820", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    ("clients/ada/dns", ["192.0.2.53\nPostUp = id"], ("clients.ada.dns", "not-a-line")),
    ("clients/ada/dns", ["fd00::53%x"], ("clients.ada.dns", "not-a-host")),
    ("services", {"web": {"port": 443, "target": "fd00::9%\n server x", "at": ["closed"]}}, ("services.web.target", "not-a-line")),
    ("services", {"web": {"port": 443, "target": "[fd00::9%x]:443", "at": ["closed"]}}, ("services.web.target", "not-an-endpoint")),
    ("ssh/user", "root;id", ("ssh.user", "not-a-user")),
    ("ssh/user", "-oProxyCommand=id", ("ssh.user", "not-a-user")),
    (f"{OPEN1}/ssh/user", TEMPLATE, (f"{dotted(OPEN1)}.ssh.user", "not-a-user")),
    ("sites/closed/ssh", {"bastion": {"host": "192.0.2.1", "user": "a b", "hostKey": HOST_KEY}}, ("sites.closed.ssh.bastion.user", "not-a-user")),
    ("sites/closed/ssh", {"bastion": {"host": "-oProxyCommand=id", "hostKey": HOST_KEY}}, ("sites.closed.ssh.bastion.host", "not-a-host")),
    (f"{OPEN1}/taints", [f"{TEMPLATE}:NoSchedule"], (f"{dotted(OPEN1)}.taints", "not-a-taint")),
    ("kubernetes/apiAddress", TEMPLATE, ("kubernetes.apiAddress", "not-an-endpoint")),
    (f"{OPEN1}/labels", {"a": TEMPLATE}, (f"{dotted(OPEN1)}.labels.a", "not-a-label")),
    ("kubernetes/kubespray", {"repository": "--upload-pack=id", "commit": "a" * 40}, ("kubernetes.kubespray.repository", "not-a-repository")),
    ("kubernetes/kubespray", {"repository": "ext::sh -c id", "commit": "a" * 40}, ("kubernetes.kubespray.repository", "not-a-repository")),
    ("kubernetes/kubespray", {"repository": "ssh://-oProxyCommand=id/x", "commit": "a" * 40}, ("kubernetes.kubespray.repository", "not-a-repository")),
    ("mesh/rotation", "a\nb", ("mesh.rotation", "not-a-line")),
]  # fmt: skip

READ_WRONGLY = [
    ("mesh/cidr", "0.0.0.0/32", ("mesh.cidr", "special-addresses")),
    ("mesh/cidr", "192.168.7.0", ("mesh.cidr", "not-a-network")),
    ("mesh/cidr", "192.168.7.1/24", ("mesh.cidr", "not-a-network")),
    ("mesh/cidr", "192.168.7.0/31", ("mesh.cidr", "no-room")),
    ("mesh/cidr", 3232237312, ("mesh.cidr", "not-a-network")),
    ("kubernetes/podCidr", "224.0.0.0/8", ("kubernetes.podCidr", "special-addresses")),
    ("kubernetes/podCidr", "127.0.0.0/16", ("kubernetes.podCidr", "special-addresses")),
    ("kubernetes/serviceCidr", "10.0.0.0/8", ("kubernetes.serviceCidr", "not-usable")),
    ("kubernetes/podCidr", "", ("kubernetes.podCidr", "not-a-network")),
    ("sites/oneport/lan", "169.254.0.0/16", ("sites.oneport.lan", "special-addresses")),
    ("sites/oneport/lan", "::ffff:10.1.0.0/120", ("sites.oneport.lan", "special-addresses")),
    ("sites/oneport/lan", "10.1.0.0", ("sites.oneport.lan", "not-a-network")),
    (f"{OPEN1}/address", "0.0.0.0", (f"{dotted(OPEN1)}.address", "special-addresses")),
    (f"{OPEN1}/address", "192.168.7.010", (f"{dotted(OPEN1)}.address", "not-an-address")),
    ("clients/ada/address", "0.0.0.0", ("clients.ada.address", "special-addresses")),
    *((f"{INNER}/lanAddress", address, (f"{dotted(INNER)}.lanAddress", "special-addresses"))
      for address in ("0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1", "fe80::1", "::ffff:10.1.0.12")),
    *((f"{OPEN1}/endpoint", f"{address}:51820", (f"{dotted(OPEN1)}.endpoint", "special-addresses"))
      for address in ("0.0.0.0", "127.0.0.1", "169.254.1.1", "239.0.0.1", "255.255.255.255", "[::]", "[::ffff:192.0.2.11]")),
    (f"{OPEN1}/endpoint", "2001:db8::5:4500", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "127.1:51820", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "0x7f000001", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "192.0.2.11:٥١٨٢٠", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "wg.example.or\u017f", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", "kelvin.\u212a", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    ("kubernetes/version", "1.٣٥.4", ("kubernetes.version", "not-a-version")),
    ("services", {"web": {"port": 443, "nodePort": 30443, "from": ["127.0.0.0/8"]}}, ("services.web.from", "special-addresses")),
    ("services", {"web": {"port": 443, "target": "0.0.0.0:80", "at": ["closed"]}}, ("services.web.target", "special-addresses")),
    ("firewall", {"enabled": True, "ssh": ["224.0.0.1"]}, ("firewall.ssh", "special-addresses")),
    ("mesh/listenPort", 4789, ("mesh.listenPort", "port-taken")),
    ("kubernetes/variables", {"kube_apiserver_port": 0}, ("kubernetes.variables.kube_apiserver_port", "not-a-port")),
    ("kubernetes/variables", {"kube_apiserver_port": 70000}, ("kubernetes.variables.kube_apiserver_port", "not-a-port")),
    ("kubernetes/variables", {"kube_apiserver_port": 2379}, ("kubernetes.variables.kube_apiserver_port", "port-taken")),
    ("kubernetes/variables", {"kube_apiserver_node_port_range": "30000-70000"}, ("kubernetes.variables.kube_apiserver_node_port_range", "not-a-port-range")),
    ("kubernetes/variables", {"a-b": 1}, ("kubernetes.variables.a-b", "not-a-variable")),
    ("kubernetes/variables", {"if": 1}, ("kubernetes.variables.if", "not-a-variable")),
    ("secretVariables", {"9a": 1}, ("secretVariables.9a", "not-a-variable")),
    (f"{OPEN1}/labels", {"a..b/c": "x"}, (f"{dotted(OPEN1)}.labels.a..b/c", "not-a-label")),
    (f"{OPEN1}/labels", {f"{'a.' * 125}abcd/c": "x"}, (f"{dotted(OPEN1)}.labels.{'a.' * 125}abcd/c", "not-a-label")),
    (f"{OPEN1}/labels", {"gpu": "yes\n"}, (f"{dotted(OPEN1)}.labels.gpu", "not-a-label")),
    (f"{OPEN1}/taints", ["-gpu=yes:NoSchedule"], (f"{dotted(OPEN1)}.taints", "not-a-taint")),
    (f"{OPEN1}/taints", ["a:b=c:NoSchedule"], (f"{dotted(OPEN1)}.taints", "not-a-taint")),
    *((f"sites/open/nodes/{name}", {"endpoint": "192.0.2.99", "ssh": {"hostKey": host_key("x")}}, (f"sites.open.nodes.{name}", code))
      for name, code in (("etcd", "reserved-name"), ("all", "reserved-name"), ("localhost", "reserved-name"), ("10.0.0.1", "not-a-name"), ("a..b", "not-a-name"), ("node_1", "not-a-name"), ("knoten.\u0131", "not-a-name"))),
    (f"{OPEN1}/ssh/hostKey", f"{HOST_KEY}\nssh-rsa AAAA", (f"{dotted(OPEN1)}.ssh.hostKey", "not-a-line")),
    (f"{OPEN1}/ssh/hostKey", HOST_KEY[:-8], (f"{dotted(OPEN1)}.ssh.hostKey", "not-a-host-key")),
    (f"{OPEN1}/ssh/hostKey", f"ssh-ed25519 {blob(b'ssh-ed25519', b'x' * 32, b'y')}", (f"{dotted(OPEN1)}.ssh.hostKey", "not-a-host-key")),
    (f"{OPEN1}/ssh/hostKey", f"ecdsa-sha2-nistp256 {blob(b'ecdsa-sha2-nistp256', b'nistp256', b'4' * 64)}", (f"{dotted(OPEN1)}.ssh.hostKey", "not-a-host-key")),
    (f"{OPEN1}/ssh/hostKey", f"ssh-rsa {blob(b'ssh-rsa', bytes([1, 0, 1]), b'n' * 257)}", (f"{dotted(OPEN1)}.ssh.hostKey", "rsa-host-key")),
]  # fmt: skip

UNREADABLE = [
    ("ssh/privateKeyFile", " ~nobody-of-this-name/x ", ("ssh.privateKeyFile", "not-a-file-name")),
    ("ssh/knownHostsFile", "x" * 5000, ("ssh.knownHostsFile", "not-a-file-name")),
    ("kubernetes/kubespray/directory", "a/" * 3000, ("kubernetes.kubespray.directory", "not-a-file-name")),
    ("kubernetes/kubespray/directory", "~nobody-of-this-name", ("kubernetes.kubespray.directory", "not-a-file-name")),
    ("ssh/knownHostsFile", "a\0b", ("ssh.knownHostsFile", "not-data")),
    (f"{OPEN1}/endpoint", "1" * 5000, (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/endpoint", f"192.0.2.1:{'1' * 5000}", (f"{dotted(OPEN1)}.endpoint", "not-an-endpoint")),
    (f"{OPEN1}/keepalive", 10**5000, (f"{dotted(OPEN1)}.keepalive", "not-data")),
    ("kubernetes/variables", {"a": "\ud800"}, ("kubernetes.variables.a", "not-data")),
    ("kubernetes/variables", {"a": float("nan")}, ("kubernetes.variables.a", "not-data")),
    ("mesh/mtu", float("inf"), ("mesh.mtu", "not-data")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "expected"), [*EXECUTED, *READ_WRONGLY, *UNREADABLE], ids=lambda value: str(value)[:60] if isinstance(value, str) else "")  # fmt: skip
def test_it_is_refused(path: str, value: object, expected: Mistake) -> None:
    config = changed(path, value, with_clients(ada={}))
    assert expected in mistakes(config)


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("path", ["kubernetes/variables/a", "mesh/cidr", f"{OPEN1}/roles", "sites/open/nodes", "x"])
def test_a_value_of_many_levels_is_a_mistake_not_a_crash(path: str) -> None:
    config = copy.deepcopy(three_sites())
    config["kubernetes"].setdefault("variables", {})  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="levels"):
        parse(changed(path, nested(450), config), read)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ssh/user", "ada.lovelace@example.org"),
        ("kubernetes/variables", {"a": "{{ b }}", "c": {"d": [1, None, True, 1.5]}, "e": "two\nlines"}),
        (f"{OPEN1}/labels", {"topology.kubernetes.io/zone": "north", "gpu": ""}),
        (f"{OPEN1}/taints", ["example.org/gpu=yes:NoSchedule", "gpu:NoExecute"]),
        ("firewall", {"enabled": True, "ssh": ["0.0.0.0/0", "::/0", "203.0.113.7", "2001:DB8::7"]}),
        (f"{CLOSED1}/ssh/host", "127.0.0.1"),
        (f"{OPEN1}/ssh/host", "Host.Example.ORG."),
        ("kubernetes/variables", {"kube_apiserver_port": "8443", "kube_apiserver_node_port_range": "20000-20100"}),
        *(
            ("kubernetes/kubespray", {"repository": address, "commit": "a" * 40})
            for address in (
                "https://github.com/kubernetes-sigs/kubespray",
                "ssh://git@[2001:db8::1]:2222/kubespray.git",
                "git@git.example.org:mirrors/kubespray.git",
                "file:///srv/kubespray.git",
                "/srv/kubespray.git",
            )
        ),
    ],
)
def test_what_is_only_unusual_is_taken(path: str, value: object) -> None:
    parse(changed(path, value, three_sites()), read)


def test_one_host_has_one_spelling() -> None:
    config = changed(f"{OPEN1}/endpoint", "WG.Example.org.:51820", three_sites())
    assert str(parse(config, read).node("open1.lab.test").endpoint) == "wg.example.org:51820"
    config = changed("sites/open/nodes/open2.lab.test/endpoint", "wg.example.org", config)
    assert ("sites.open.nodes.open2.lab.test.endpoint", "taken") in mistakes(config)


def test_listening_where_flannel_sends_pods_is_refused_too() -> None:
    config = changed("kubernetes/networkPlugin", "flannel", three_sites())
    assert mistakes(changed("mesh/listenPort", 8472, config)) == [("mesh.listenPort", "port-taken")]
    parse(changed("mesh/listenPort", 4789, config), read)


def test_messages_stay_readable_whatever_is_written() -> None:
    config = copy.deepcopy(three_sites())
    for number in range(100):
        config = changed(f"sites/open/nodes/\x1b[31mred{number}", {"endpoint": "é" * 5000}, config)
    with pytest.raises(ConfigError) as caught:
        parse(config, read)
    lines = str(caught.value).splitlines()
    assert len(lines) == 62
    assert all(line.isprintable() and len(line) < 1500 for line in lines)


@pytest.mark.parametrize(
    "path",
    ["kubernetes/version", "kubernetes/deployer", "kubernetes/firstControlPlane", "kubernetes/kubespray/commit", "sites/oneport/gateway", "clients/ada/site"],
)  # fmt: skip
def test_a_value_takes_300_characters_at_most(path: str) -> None:
    (actual,) = (
        problem for problem in problems_of(changed(path, "x" * 5000, with_clients(ada={}))) if "xxx" in problem.what
    )
    assert actual.what.count("x") <= 302
