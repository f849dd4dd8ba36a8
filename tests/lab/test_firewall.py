"""Hosts with a firewall, scanned from outside; one has ufw in charge. The mesh alone, with real WireGuard.

The tests run in the file's order on one lab, `lab/topologies/firewall.yaml`.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until
from tests.support.examples import TREE, changed, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

LAB = MeshLab(TREE / "lab/topologies/firewall.yaml")
OPERATOR = "203.0.113.200"
OPEN1, OPEN2, OPEN3 = "192.0.2.11", "192.0.2.12", "192.0.2.13"
WG0 = {
    "open1": "192.168.7.1",
    "open2": "192.168.7.2",
    "open3": "192.168.7.3",
    "left1": "192.168.7.4",
    "right1": "192.168.7.5",
}
SITES: dict[str, object] = {
    "open": {
        "institution": "north",
        "gateway": "open1.lab.test",
        "nodes": {
            "open1.lab.test": {"address": WG0["open1"], "endpoint": OPEN1, "roles": ["control-plane", "etcd"]},
            "open2.lab.test": {"address": WG0["open2"], "endpoint": OPEN2},
            "open3.lab.test": {"address": WG0["open3"], "endpoint": OPEN3},
        },
    },
    "left": {
        "institution": "west",
        "nodes": {"left1.lab.test": {"address": WG0["left1"], "ssh": {"host": "203.0.113.8", "port": 2211}}},
    },
    "right": {
        "institution": "east",
        "nodes": {"right1.lab.test": {"address": WG0["right1"], "ssh": {"host": "203.0.113.9", "port": 2211}}},
    },
}
API = 6443
SERVICE = 7000
PATIENCE = 20
"""Seconds after which left1 takes rules back."""

# Answers every line with the same, on TCP and UDP.
ECHO = f"""
import socketserver, threading
class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(self.request[0], self.client_address)
socketserver.ThreadingTCPServer.allow_reuse_address = True
for port in ({SERVICE}, {API}):
    threading.Thread(target=socketserver.ThreadingTCPServer(("", port), Tcp).serve_forever).start()
socketserver.UDPServer(("", {SERVICE}), Udp).serve_forever()
"""
ASK_TCP = "import socket, sys; c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5); c.settimeout(60); c.sendall(b'hello\\n'); print(c.recv(9))"
ASK_UDP = """
import socket, sys
c = socket.socket(type=socket.SOCK_DGRAM)
c.settimeout(3)
c.sendto(b"hello", (sys.argv[1], int(sys.argv[2])))
print(c.recv(9))
"""
# Counts what got past the firewall, which comes before it.
WITNESS = """
table inet witness {
  set udp_seen { type inet_service; size 65536; flags dynamic; }
  set tcp_seen { type inet_service; size 65536; flags dynamic; }
  chain input {
    type filter hook input priority filter + 100; policy accept;
    iifname "eth0" ct state new udp dport != 0 add @udp_seen { udp dport }
    iifname "eth0" tcp flags syn / syn,ack,rst add @tcp_seen { tcp dport }
  }
}
"""
# The administrator's own, which is none of our business.
OWN = "table inet admin { chain input { type filter hook input priority 10; policy accept; tcp dport 9999 drop; }; }"


def declared(firewall: dict[str, object]) -> dict[str, object]:
    whole = {**configuration(), "mesh": {"cidr": "192.168.7.0/24"}, "sites": SITES, "firewall": firewall}
    return changed("kubernetes/apiAddress", OPEN1, whole)


def try_up() -> "subprocess.CompletedProcess[str]":
    """Run a `pulumi up` that is to fail."""
    up = ("up", "--yes", "--skip-preview", "--stack", LAB.layout.name, "--non-interactive")
    return LAB.lab("run", "pulumi", *up, cwd=LAB.directory, check=False)


def reboot(host: str) -> None:
    """Restart a host and wait until it has started everything."""
    since = ("systemctl", "show", "-p", "UserspaceTimestampMonotonic")
    before = LAB.lab("exec", host, "--", *since).stdout
    LAB.lab("exec", host, "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself

    def anew() -> bool:
        state = LAB.lab("exec", host, "--", "systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded") and LAB.lab("exec", host, "--", *since, check=False).stdout != before

    wait_until(anew, 120, f"{host} is up again")


def answers(place: str, address: str, port: int = SERVICE, program: str = ASK_TCP) -> bool:
    """Tell whether a question is answered. That one is not proves little on a busy WAN: see `answered`."""
    python = "/usr/bin/python3"
    done = LAB.lab("exec", place, "--", python, "-c", program, address, str(port), check=False)
    return done.returncode == 0 and "hello" in done.stdout


def answered(place: str, address: str, port: int = SERVICE, program: str = ASK_TCP) -> None:
    wait_until(lambda: answers(place, address, port, program), 20, f"{address} port {port} answers {place}")


def seen(host: str, kind: str) -> set[int]:
    """Return the ports that a scan got in at, as the host saw it; and forget them."""
    told = json.loads(LAB.sh(host, f"nft -j list set inet witness {kind}_seen; nft flush set inet witness {kind}_seen"))
    return set(next(item["set"] for item in told["nftables"] if "set" in item).get("elem", []))


COUNT = f"""
table inet count
delete table inet count
table inet count {{
  chain in {{
    type filter hook input priority filter + 100; policy accept;
    ip saddr {OPERATOR} udp dport 51820 counter
    ip saddr {OPERATOR} udp dport 51821 counter
  }}
}}
"""


def check_that_wireguards_port_is_open(host: str, address: str) -> None:
    """A datagram to it comes past the firewall, one to the next port does not."""
    send = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('{}', {}))"

    def counted() -> list[str]:
        for port in (51821, 51820):
            LAB.lab("exec", "operator", "--", "/usr/bin/python3", "-c", send.format(address, port))
        return re.findall(r"packets (\d+)", LAB.sh(host, "nft list table inet count"))

    LAB.sh(host, f"nft '{COUNT}'")
    wait_until(lambda: counted()[0] != "0", 10, "a datagram comes in")
    assert counted()[1] == "0"
    LAB.sh(host, "nft delete table inet count")


def ssh(host: str, *words: str) -> list[str]:
    """Return the words that log in to a public host as the operator does."""
    access = LAB.layout
    return LAB.words(
        "exec", "operator", "--", "ssh", "-i", str(access.private_key), "-o", f"UserKnownHostsFile={access.known_hosts}",
        "-o", "ConnectTimeout=60", f"root@{host}", *words,
    )  # fmt: skip


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        for host in WG0:
            LAB.sh(host, f"systemd-run -q --unit=echo --collect /usr/bin/python3 -c '{ECHO}'")
        for host in ("open1", "left1"):
            LAB.sh(host, f"nft '{OWN}'")
        LAB.sh("open1", f"nft '{WITNESS}'")
        # This administrator has ufw, as it is needed for SSH.
        LAB.sh("open3", "apt-get -qq update; apt-get -qq install -y --no-install-recommends ufw >/dev/null; "
               "ufw allow from 203.0.113.0/24 to any port 22 proto tcp; ufw --force enable")  # fmt: skip
        yield LAB


@pytest.mark.usefixtures("stack")
def test_without_a_firewall_a_scan_finds_everything() -> None:
    wait_until(lambda: LAB.scan("operator", "tcp", OPEN1) == {22, API, SERVICE}, 90, "a scan finds what is open")
    for kind in ("tcp", "udp"):
        left = set(range(1, 65536)) - ({9999} if kind == "tcp" else set())  # that one the administrator drops, see OWN

        def all_seen() -> bool:
            """A busy WAN loses some."""
            left.difference_update(seen("open1", kind))  # noqa: B023 - at once
            if left:  # noqa: B023
                LAB.scan("operator", kind, OPEN1, *left)  # noqa: B023
            return not left  # noqa: B023

        wait_until(all_seen, 120, f"each port gets its packet of a {kind} scan")
    answered("operator", OPEN1, program=ASK_UDP)
    answered("open2", OPEN1)


def test_ranges_without_pulumis_own_place_are_refused_before_any_change(stack: MeshLab) -> None:
    stack.write(declared({"enabled": True, "ssh": ["198.51.100.0/24"]}), "open1.lab.test")
    done = try_up()
    assert done.returncode != 0
    told = f"firewall.ssh would lock Pulumi out: it comes from {OPERATOR}, which is in none of 198.51.100.0/24 192.168.7.0/24"
    assert done.stdout.count(f"obstacle: {told}") >= len(WG0)
    for host in WG0:
        LAB.sh(
            host,
            "test ! -e /root/.stretched && test ! -e /var/lib/stretched-uploads && test ! -e /etc/stretched && ! nft list table inet stretched_firewall",
        )


@pytest.fixture(scope="module")
def older() -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    """Two connections that are older than the firewall: a login, and one to a service that will be closed."""
    commands = {
        "login": ssh(OPEN1, "cat"),
        "service": LAB.words("exec", "operator", "--", "/usr/bin/python3", "-u", "-c",
            f"import socket, sys; c = socket.create_connection(('{OPEN1}', {SERVICE}))\n"
            "for line in sys.stdin: c.sendall(line.encode()); print(c.recv(99).decode(), end='')"),
    }  # fmt: skip
    running = {
        name: subprocess.Popen(words, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name, words in commands.items()
    }
    for process in running.values():
        echoed(process, "before")
    yield running
    for process in running.values():
        process.communicate(timeout=300)


def echoed(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    assert process.stdout.readline() == f"{word}\n"


@pytest.mark.usefixtures("older")
def test_a_firewall_that_lets_no_new_connection_in_is_taken_back_and_the_run_fails(stack: MeshLab) -> None:
    """At left1 another firewall closes SSH in the moment in which ours is loaded."""
    close = "add rule inet admin input tcp dport 22 ct state new reject with tcp reset"
    nft = f"""#!/bin/sh
/usr/sbin/nft "$@" || exit
[ "$*" != "-f -" ] || /usr/sbin/nft {close}
"""
    LAB.sh("left1", f"echo STRETCHED_PATIENCE={PATIENCE} >>/etc/environment; "
           f"printf '%s' '{nft}' >/usr/local/sbin/nft; chmod +x /usr/local/sbin/nft")  # fmt: skip
    stack.write(declared({"enabled": True, "ssh": [f"{OPERATOR}/32", "2001:db8::/32"]}), "open1.lab.test")
    try:
        done = try_up()
        assert done.returncode != 0, done.stdout
        assert "left1.lab.test-firewall-confirmed" in done.stdout
        assert "left1.lab.test: no new SSH connection gets through the firewall that was just loaded" in done.stdout
        told = f"If no new SSH connection arrives within {PATIENCE} seconds, the previous rules are restored"
        assert told in done.stdout
        gone = "! nft list table inet stretched_firewall 2>/dev/null && test ! -e /etc/stretched/firewall/rules.nft"
        wait_until(
            lambda: LAB.lab("exec", "left1", "--", "sh", "-c", gone, check=False).returncode == 0, 60, "taken back"
        )
    finally:
        LAB.sh(
            "left1",
            f"rm /usr/local/sbin/nft; nft flush chain inet admin input; nft '{OWN}'; sed -i /STRETCHED/d /etc/environment",
        )
    assert "active" in LAB.sh("open2", "systemctl is-active stretched-firewall"), "the others have theirs"


def test_the_next_run_loads_it_again_and_it_is_confirmed(stack: MeshLab) -> None:
    printed = stack.up()
    assert "firewall: confirmed by a new connection and kept" in printed
    for host in ("open1", "open2", "left1", "right1"):
        LAB.sh(host, "nft list table inet stretched_firewall; systemctl is-enabled stretched-firewall")
        LAB.sh(host, "test ! -e /etc/stretched/firewall/pending; ! systemctl is-active stretched-firewall-undo.timer")
    assert "unchanged" in (again := stack.up())
    assert "updated" not in again
    assert "created" not in again


def test_connections_that_were_there_go_on(older: dict[str, "subprocess.Popen[str]"]) -> None:
    for process in older.values():
        echoed(process, "after")


def test_a_scan_from_the_wan_finds_what_is_declared_and_nothing_else() -> None:
    LAB.sh("open1", "nft flush set inet witness tcp_seen; nft flush set inet witness udp_seen")
    assert LAB.scan("operator", "tcp", OPEN1) <= {22, API}
    LAB.scan("operator", "udp", OPEN1)
    assert seen("open1", "tcp") <= {22, API}
    assert seen("open1", "udp") <= {51820}
    # And what is declared is open.
    answered("operator", OPEN1, API)
    assert subprocess.run(ssh(OPEN1, "true"), cwd=TREE, check=False).returncode == 0
    for host, address in (("open1", OPEN1), ("open2", OPEN2)):
        check_that_wireguards_port_is_open(host, address)
    assert not answers("operator", OPEN1, program=ASK_UDP)
    assert not answers("operator", OPEN2, API), "not where the API is not"
    LAB.reaches("operator", OPEN1)


def test_a_neighbour_on_the_lan_finds_the_wireguard_port_and_the_api() -> None:
    LAB.sh("open1", "nft flush set inet witness tcp_seen; nft flush set inet witness udp_seen")
    assert LAB.scan("open2", "tcp", OPEN1) <= {API}, "SSH comes from the operator's range only"
    answered("open2", OPEN1, API)
    LAB.scan("open2", "udp", OPEN1)
    assert seen("open1", "udp") <= {51820}


def test_wg0_is_open_among_members_through_the_relay_too() -> None:
    ask = f'n=0; until /usr/bin/python3 -c "{ASK_TCP}" $address {SERVICE}; do n=$((n + 1)); [ $n -lt 60 ]; sleep 0.5; done'
    for one in WG0:
        LAB.sh(one, f"for address in {' '.join(WG0.values())}; do {ask}; done")
    for one, other in (("left1", "right1"), ("right1", "left1")):
        answered(one, WG0[other], program=ASK_UDP)
        LAB.reaches(one, WG0[other])


def test_only_the_relay_lets_packets_through_from_wg0_to_wg0() -> None:
    relays = "nft list set inet stretched_firewall relay"
    assert '"wg0"' in LAB.sh("open1", relays)
    for name in ("open2", "left1", "right1"):
        assert '"wg0"' not in LAB.sh(name, relays)


# A pod as kubelet and kube-proxy make it: a bridge, a namespace, a NodePort.
POD = f"""
echo 1 >/proc/sys/net/ipv4/ip_forward
ip link add cni0 type bridge
ip address add 10.233.64.1/24 dev cni0
ip link set cni0 up
ip netns add pod
ip link add pod0 type veth peer name eth0 netns pod
ip link set pod0 master cni0 up
ip -n pod address add 10.233.64.2/24 dev eth0
ip -n pod link set eth0 up
ip -n pod route add default via 10.233.64.1
nft -f - <<'END'
table ip pods {{
  chain in {{ type nat hook prerouting priority dstnat; tcp dport 30080 dnat to 10.233.64.2:{SERVICE}; }}
  chain out {{ type nat hook postrouting priority srcnat; ip saddr 10.233.64.0/24 oifname != "cni0" masquerade; }}
}}
END
systemd-run -q --unit=pod --collect ip netns exec pod /usr/bin/python3 -c '{ECHO}'
"""
NO_POD = "systemctl stop pod; nft delete table ip pods; ip netns del pod; ip link del cni0; echo 0 >/proc/sys/net/ipv4/ip_forward"


def test_pods_and_node_ports_go_on_over_wg0_and_are_shut_from_outside() -> None:
    LAB.sh("open2", POD)
    try:
        wait_until(lambda: answers("open1", WG0["open2"], 30080), 30, "the NodePort answers over wg0")
        assert not answers("operator", OPEN2, 30080)
        assert not answers("open1", OPEN2, 30080)
        asks = f'ip netns exec pod /usr/bin/python3 -c "{ASK_TCP}" {{}} {SERVICE} || :'
        for address, whose in (("10.233.64.1", "its own host"), (WG0["right1"], "another host, over wg0")):
            wait_until(lambda: "hello" in LAB.sh("open2", asks.format(address)), 20, whose)  # noqa: B023 - at once
        LAB.sh("open2", "nft insert rule inet stretched_firewall forward accept")
        answered("operator", OPEN2, 30080)  # the firewall it was that kept it shut
    finally:
        LAB.sh("open2", f"systemctl restart stretched-firewall; {NO_POD}")


def test_ufw_stays_in_charge_and_has_the_rules() -> None:
    LAB.sh(
        "open3", "! nft list table inet stretched_firewall; test ! -e /etc/systemd/system/stretched-firewall.service"
    )
    rules = LAB.sh("open3", "LC_ALL=C ufw show added").splitlines()
    for rule in ("allow 51820/udp", "allow in on wg0", f"allow from {OPERATOR} to any port 22 proto tcp"):
        assert f"ufw {rule} comment 'stretched'" in rules
    assert not answers("operator", OPEN3)
    assert "ufw allow from 203.0.113.0/24 to any port 22 proto tcp" in rules, "what the administrator had is not ours"


def test_it_survives_a_restart_and_others_rules_survive_it() -> None:
    assert "admin" in LAB.sh("open1", "nft list tables")
    LAB.sh("open2", "systemctl restart nftables")  # its configuration begins with `flush ruleset`
    LAB.sh("open2", "nft list table inet stretched_firewall")
    reboot("open2")
    LAB.sh("open2", f"systemd-run -q --unit=echo --collect /usr/bin/python3 -c '{ECHO}'")
    wait_until(lambda: answers("left1", WG0["open2"]), 60, "the service answers over wg0")
    assert not answers("operator", OPEN2)
    assert not answers("open1", OPEN2)
    order = LAB.sh(
        "open2", "systemctl show -p ActiveEnterTimestampMonotonic --value stretched-firewall ssh wg-quick@wg0"
    )
    firewall, *later = (int(stamp) for stamp in order.split())
    assert 0 < firewall < min(later)
    assert subprocess.run(ssh(OPEN2, "true"), cwd=TREE, check=False).returncode == 0


def test_another_port_and_another_relay_come_through_it(stack: MeshLab) -> None:
    """Tunnels change while the old rules are in force, which must let the new ones be verified."""
    firewall = {"enabled": True, "ssh": [f"{OPERATOR}/32", "2001:db8::/32"]}
    config = changed("sites/open/gateway", "open2.lab.test", changed("mesh/listenPort", 51900, declared(firewall)))
    stack.write(config, "open1.lab.test")
    stack.up()
    for host, relay in (("open1", False), ("open2", True), ("left1", False)):
        told = LAB.sh(host, "nft list table inet stretched_firewall")
        assert "elements = { 51900 }" in told
        assert "51820" not in told
        assert ('elements = { "wg0" }' in told) is relay
    rules = LAB.sh("open3", "LC_ALL=C ufw show added").splitlines()
    assert "ufw allow 51900/udp comment 'stretched'" in rules
    assert "ufw allow 51820/udp comment 'stretched'" not in rules
    for one, other in (("left1", "right1"), ("right1", "left1"), ("left1", "open3"), ("open3", "open1")):
        LAB.reaches(one, WG0[other])


def test_when_it_is_not_declared_any_more_it_is_gone_and_nothing_else_is(stack: MeshLab) -> None:
    stack.write(
        changed("sites/left/firewall", {"enabled": True}, declared({"enabled": False, "ssh": [OPERATOR]})),
        "open1.lab.test",
    )
    stack.up()
    for host in ("open1", "open2", "right1"):
        LAB.sh(host, "! nft list table inet stretched_firewall; test ! -e /etc/stretched/firewall; "
               "test ! -e /etc/systemd/system/stretched-firewall.service; test ! -e /var/lib/stretched-uploads/firewall")  # fmt: skip
    LAB.sh("left1", "nft list table inet stretched_firewall")
    assert "admin" in LAB.sh("open1", "nft list tables")
    rules = LAB.sh("open3", "LC_ALL=C ufw show added").splitlines()
    assert [rule for rule in rules if "tcp" in rule] == ["ufw allow from 203.0.113.0/24 to any port 22 proto tcp"]
    for rule in ("allow 51820/udp", "allow in on wg0"):  # of pods: test_other_firewalls.py
        assert f"ufw {rule} comment 'stretched'" in rules, "what the mesh needs stays open"
    answered("operator", OPEN1)
    LAB.reaches("left1", WG0["right1"])


def test_nothing_is_left_of_it_on_any_host(stack: MeshLab) -> None:
    stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", LAB.layout.name)
    for host in WG0:
        LAB.sh(host, "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0")
        assert "stretched" not in LAB.sh(host, "nft list tables; ls /etc/systemd/system; ls -A /root")
    assert LAB.sh("open3", "LC_ALL=C ufw show added | grep -c '^ufw '") == "1", "the administrator's own"
