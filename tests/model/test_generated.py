"""Thousands of changed configurations: each is refused with messages, or every file says what was declared, and no more."""

import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from shutil import which

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from components.model.cluster.inventory import inventory
from components.model.cluster.kubespray_variables import group_vars
from components.model.configuration import parse_plan
from components.model.files.client_conf import client_conf
from components.model.files.failover_conf import failover_conf
from components.model.files.firewall_conf import firewall_conf
from components.model.files.haproxy import haproxy_cfg
from components.model.files.known_hosts import known_hosts
from components.model.files.open_conf import open_conf
from components.model.files.services_nft import services_nft, udp_conf
from components.model.files.wireguard import wg0_conf
from components.model.files.yaml_text import to_yaml
from components.model.firewall.needs import needs
from components.model.firewall.openings import openings
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.failover import watch_of
from components.model.mesh.peers import peers_of
from components.model.overview import overview_of
from components.model.plan import Plan
from components.model.problems import ConfigError
from components.model.report.picture.svg import picture
from components.model.report.readme import readme
from components.model.spec import Node
from tests.support import grammars
from tests.support.examples import read
from tests.support.mutations import everything, mutated

KEY = "A" * 43 + "="
SAMPLE = 25
"""Every so many accepted configurations are shown to the tools themselves, and made into pages for people."""
NAME = r"[a-z0-9.-]+"
IP = r"[0-9.]+"


def wireguard_files(plan: Plan, node: Node) -> str:
    spec = plan.spec
    peers = peers_of(spec, plan.routes, node)
    text = wg0_conf(spec.mesh, node, peers, dict.fromkeys((peer.name for peer in peers), KEY))
    interface, *sections = grammars.wg_quick(text)
    assert interface.values == {
        "Address": f"{node.address}/{spec.mesh.cidr.prefixlen}",
        "ListenPort": str(spec.mesh.listen_port),
        "MTU": str(spec.mesh.mtu),
    }
    assert interface.comments[0] == node.name
    allowed = [address for section in sections for address in section.values["AllowedIPs"].split(", ")]
    others = [f"{other.address}/32" for other in spec.nodes if other.name != node.name]
    mine = [str(client.address) + "/32" for client in spec.clients if gateway_of(spec, client) == node]
    ranges = [str(site.clients) for site in spec.sites if site.clients and node.name not in site.gateways[:1]]
    assert Counter(allowed) == Counter([*others, *mine, *ranges]) or len(spec.gateways) > 1
    assert len(set(allowed)) == len(allowed)
    for section, peer in zip(sections, peers, strict=True):
        endpoint = section.values.get("Endpoint")
        assert endpoint is None or (peer.endpoint and endpoint == str(peer.endpoint))
        if not peer.client:
            other = spec.node(peer.name)
            assert not endpoint or endpoint in {*map(str, other.endpoints), *_on_lan(plan, other)}
    failover = failover_conf(watch_of(spec, plan.routes, node))
    grammars.words_of(
        failover,
        r"# .*",
        rf"gateway {IP} {NAME}( through( {IP})+)?",
        rf"when {IP} use {IP} for( {IP}(/[0-9]+)?)+",
        rf"user (inside|outside) {IP}",
    )
    return text


def _on_lan(plan: Plan, node: Node) -> set[str]:
    address, port = node.lan_address, plan.spec.mesh.listen_port
    return {f"[{address}]:{port}" if address and address.version == 6 else f"{address}:{port}"}


def client_files(plan: Plan) -> list[str]:
    texts = []
    for client in plan.spec.clients:
        gateway = gateway_of(plan.spec, client)
        text = client_conf(plan.spec, client, gateway, private=KEY, public=KEY, preshared=None)
        interface, peer = grammars.wg_quick(text)
        assert interface.comments == [client.name]
        assert interface.values["Address"] == f"{client.address}/32"
        assert interface.values.get("DNS", "") == ", ".join(client.dns)
        assert peer.values["AllowedIPs"] == str(plan.spec.mesh.cidr)
        assert peer.values["Endpoint"] in map(str, gateway.endpoints)
        texts.append(text)
    return texts


def service_files(plan: Plan, node: Node) -> tuple[str, str]:
    serving = plan.serving[node.name]
    proxy = haproxy_cfg(serving)
    found = {listen.name: listen for listen in grammars.haproxy(proxy)}
    assert list(found) == [one.name for one in serving.proxied]
    for one in serving.proxied:
        listen = found[one.name]
        wanted = [["public", str(one.port), *one.addresses] if one.addresses else [f"{serving.address}:{one.port}"]]
        assert listen.binds == wanted
        assert [words[1].removeprefix("ipv6@") for words in listen.servers] == [
            f"{s.host}:{s.port}" for s in one.servers
        ]
        assert {word for words in listen.servers for word in words[2:]} <= {"send-proxy-v2", "backup"}
    table = services_nft(serving) if serving.anything else ""
    chains = grammars.nft(table)
    rules = [words for chain in chains.values() for words in chain]
    ports = {words[index + 1] for words in rules for index, word in enumerate(words) if word == "dport"}
    assert ports - {"."} <= {str(one.port) for one in serving.guarded} | {str(one.port) for one in serving.readdressed}
    assert ports >= {
        str(one.port) for one in serving.guarded if not one.sources or min(net.prefixlen for net in one.sources)
    }
    for guarded in serving.guarded:
        sources = [one for one in guarded.sources or () if one.prefixlen]
        allowed = _sources(chains.get("guard", []), f"{guarded.protocol} dport {guarded.port}")
        assert all(any(_covers(word, one) for word in allowed) for one in sources) or not allowed
    grammars.words_of(
        udp_conf(serving), rf"{NAME} (tcp|udp) [0-9]+ (here (program|{IP})|(target|near|far) {IP}) [0-9]+"
    )
    return proxy, table


def _sources(rules: list[list[str]], port: str) -> list[str]:
    """Return the ranges of the rules of a port; empty: any."""
    lines = [" ".join(words) for words in rules]
    sets = [line.partition("{ ")[2].partition(" }")[0] for line in lines if line.startswith(f"{port} ") and "{" in line]
    return [word for one in sets for word in one.split(", ")]


def _covers(word: str, network: IPv4Network | IPv6Network) -> bool:
    wide = ip_network(word)
    if isinstance(wide, IPv4Network):
        return isinstance(network, IPv4Network) and network.subnet_of(wide)
    return isinstance(network, IPv6Network) and network.subnet_of(wide)


def firewall_files(plan: Plan, node: Node) -> None:
    always = open_conf(needs(plan.spec, kubernetes=True))
    assert grammars.words_of(always, r"udp [0-9]{1,5}", r"(device|pods) [a-z0-9.]+\*?")[0][1] == str(
        plan.spec.mesh.listen_port
    )
    opened = openings(plan, node)
    if opened is None:
        return
    words = grammars.words_of(firewall_conf(opened), r"(udp|tcp) [0-9]{1,5}", r"(ssh|mesh) [0-9a-f:.]+/[0-9]{1,3}")
    assert [value for kind, value in words if kind == "ssh"] == [str(network) for network in opened.ssh]
    assert ["udp", str(plan.spec.mesh.listen_port)] in words


def cluster_files(plan: Plan) -> None:
    spec = plan.spec
    data, variables = inventory(spec), group_vars(spec)
    assert yaml.safe_load(to_yaml(data)) == data
    assert yaml.safe_load(to_yaml(variables)) == variables
    ours = set(variables) - set(spec.kubernetes.variables) - {"preinstall_selinux_state"}  # an expression of our own
    own = to_yaml([variables[name] for name in variables if name in ours])
    for node in spec.nodes:
        own += to_yaml([node.name, node.ssh.user, dict(node.labels), list(node.taints), node.site, node.institution])
    assert "{{" not in own
    assert "{%" not in own
    users = [
        user for node in spec.nodes for user in (node.ssh.user, node.ssh.bastion.user if node.ssh.bastion else "x")
    ]
    hosts = [
        host for node in spec.nodes for host in (node.ssh.host, node.ssh.bastion.host if node.ssh.bastion else "x")
    ]
    assert all(re.fullmatch("[A-Za-z_][A-Za-z0-9_.@-]*", user) for user in users)
    assert all(re.fullmatch("[a-z0-9:][a-z0-9.:-]*", host) for host in hosts)
    assert re.fullmatch("[A-Za-z0-9/][^ ]*", spec.kubernetes.kubespray.repository or "x")
    lines = known_hosts(spec)
    form = rf"({IP}|\[{IP}\]:\d+) (ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*"
    names = [
        str(node.address) if node.ssh.mesh_port == 22 else f"[{node.address}]:{node.ssh.mesh_port}"
        for node in spec.nodes
    ]
    assert [words[0] for words in grammars.words_of(lines, form)] == names


def tools(plan: Plan, directory: Path, proxy: str, table: str) -> None:
    """Show the files to the tools that read them on hosts, as far as they are here."""
    spec = plan.spec
    node = spec.nodes[0]
    peers = peers_of(spec, plan.routes, node)
    written = {
        "wg0.conf": wg0_conf(spec.mesh, node, peers, dict.fromkeys((peer.name for peer in peers), KEY)),
        "known": known_hosts(spec),
        "haproxy.cfg": "".join(f"    bind 127.0.0.1:{line.split()[2]}\n" if line.startswith("    bind public") else f"{line}\n" for line in proxy.splitlines()),
        "services.nft": table,
    }  # fmt: skip
    for name, text in written.items():
        (directory / name).write_text(text, encoding="utf-8")
    checks = [["ssh-keygen", "-l", "-f", "known"], ["wg-quick", "strip", "./wg0.conf"]]
    checks += [["haproxy", "-c", "-f", "haproxy.cfg"]] if proxy else []
    checks += [["nft", "-c", "-f", "services.nft"]] if table and os.geteuid() == 0 else []
    for command in checks:
        if which(command[0]):
            done = subprocess.run(command, cwd=directory, text=True, capture_output=True, check=False)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def pages(plan: Plan) -> None:
    overview = overview_of(plan)
    assert readme(overview, "test")
    ET.fromstring(picture(overview, "test"))  # noqa: S314 - our own text


def rendered(plan: Plan) -> tuple[str, str]:
    """Read every file back; return the longest of those for services."""
    proxy = table = ""
    for node in plan.spec.nodes:
        wireguard_files(plan, node)
        firewall_files(plan, node)
        found = service_files(plan, node)
        proxy, table = max(proxy, found[0], key=len), max(table, found[1], key=len)
    client_files(plan)
    cluster_files(plan)
    return proxy, table


def test_the_base_of_most_changes_is_accepted_and_read_back(tmp_path: Path) -> None:
    plan = parse_plan(everything(), read)
    proxy, table = rendered(plan)
    assert "listen web" in proxy
    assert "dport 53" in table
    tools(plan, tmp_path, proxy, table)
    pages(plan)
    missing = [tool for tool in ("wg-quick", "haproxy", "nft", "ssh-keygen") if not which(tool)]
    print(f"not on PATH, so only our grammar was held: {', '.join(missing) or 'none'}")


@pytest.mark.parametrize("cases", [2_000, pytest.param(50_000, marks=pytest.mark.long)])
def test_what_is_accepted_is_written_as_it_was_declared(tmp_path: Path, cases: int) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=cases, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutated())
    def holds(config: dict[str, object]) -> None:
        try:
            plan = parse_plan(config, read)
        except ConfigError as error:
            seen["refused"] += 1
            lines = str(error).splitlines()
            assert len(lines) <= 62
            assert all(line.isprintable() and len(line) < 2500 for line in lines)
            return
        seen["accepted"] += 1
        proxy, table = rendered(plan)
        if seen["accepted"] % SAMPLE == 0:
            tools(plan, tmp_path, proxy, table)
            pages(plan)

    holds()
    print(dict(seen))
    assert min(seen["accepted"], seen["refused"]) > cases / 10


@pytest.mark.parametrize(
    "text",
    ["[Interface]\nPostUp = id\n", "[Peer]\nEndpoint = 1.2.3.4:5\nEndpoint = 1.2.3.4:6\n", "[Interface]\n\rMTU = 1\n", "[Interface]\nMTU = 1"],
)  # fmt: skip
def test_the_grammar_of_wg_quick_is_narrow(text: str) -> None:
    with pytest.raises(ValueError, match="not of the grammar"):
        grammars.wg_quick(text)


def test_the_grammars_of_haproxy_and_nft_are_narrow() -> None:
    with pytest.raises(ValueError, match="not of the grammar"):
        grammars.haproxy("listen web\n    option x\n")
    with pytest.raises(ValueError, match="not of the grammar"):
        grammars.nft("table x {\n    chain a {\n        drop; $(id)\n    }\n}\n")
