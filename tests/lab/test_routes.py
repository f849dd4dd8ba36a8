"""Three forms of sites on real hosts: two public; three behind one UDP port; two without a port. The mesh alone.

The tests run in the file's order on one lab, `lab/topologies/routes.yaml`; the program is tests/lab/mesh.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.lab.mesh_lab import MeshLab, with_real_keys
from tests.lab.place import PING_UNTIL_ANSWERED, wait_for, wait_until
from tests.support.examples import TREE, changed, three_sites

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

LAB = MeshLab(TREE / "lab/topologies/routes.yaml")
lab, sh, pings = LAB.lab, LAB.sh, LAB.pings
DRAINED_FROM = "open1.lab.test"
HOSTS = {
    "open1": "192.168.7.1",
    "open2": "192.168.7.2",
    "gate": "192.168.7.3",
    "inner1": "192.168.7.4",
    "inner2": "192.168.7.5",
    "closed1": "192.168.7.6",
    "closed2": "192.168.7.7",
}
VERIFY = "STRETCHED_PATIENCE={} sh /var/lib/stretched-uploads/node/current/verify.sh"


def declared() -> dict[str, object]:
    """The three sites with the hosts' real keys, which stand in the lab's known_hosts."""
    return with_real_keys(three_sites())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        LAB.write(declared(), DRAINED_FROM)
        yield LAB


def test_the_mesh_comes_up_and_every_pair_is_verified(stack: MeshLab) -> None:
    printed = stack.up()
    assert "verified: 4 peers answer over wg0, 2 nodes through relays" in printed
    assert "verified: 6 peers answer over wg0\n" in printed
    assert "relay" in stack.pulumi("stack", "output", "readme", "--stack", "routes")


def test_every_pair_pings_over_wg0() -> None:
    for one in HOSTS:
        LAB.reaches(one, *(address for name, address in HOSTS.items() if name != one))


def test_a_relayed_pair_goes_through_the_gateway_both_ways() -> None:
    peers = sh("inner1", "wg show wg0 allowed-ips")
    assert "192.168.7.3/32 192.168.7.6/32 192.168.7.7/32" in peers
    assert len(peers.splitlines()) == 4
    for start, end in (("inner1", "closed1"), ("closed1", "inner1"), ("closed2", "inner2"), ("inner2", "closed2")):
        expired = f"From {HOSTS['gate']} icmp_seq=1 Time to live exceeded"  # the kernel limits how often it says so
        once = f"ping -c1 -W1 -t1 {HOSTS[end]} || true"
        wait_until(lambda: expired in sh(start, once), 60, f"{start} -> {end} ends at the gateway")  # noqa: B023 - at once
    there, back = "192.168.7.4 > 192.168.7.6: ICMP echo request", "192.168.7.6 > 192.168.7.4: ICMP echo reply"
    wait_for(captured, [there, there, back, back], 20, "a ping and its answer, each in and out at the gateway")


def captured() -> list[str]:
    """Ping once through the gateway; return what of it is seen on the gateway's wg0."""
    capture = subprocess.Popen(
        LAB.words("exec", "gate", "--", "timeout", "20", "tcpdump", "-nlc4", "-iwg0", "icmp"),
        cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert capture.stderr is not None
    while "listening on" not in capture.stderr.readline():
        assert capture.poll() is None
    sh("inner1", f"ping -q -c1 {HOSTS['closed1']}", check=False)
    lines = capture.communicate()[0].splitlines()
    return [match[0] for line in lines if (match := re.search(r"192\S+ > 192\S+: ICMP echo \w+", line))]


def test_hosts_of_one_site_talk_on_their_lan() -> None:
    endpoints = sh("inner1", "wg show wg0 endpoints")
    assert "10.1.0.11:51820" in endpoints
    assert "10.1.0.13:51820" in endpoints
    assert "10.2.0.12:51820" in sh("closed1", "wg show wg0 endpoints"), "who has no LAN address spoke first"
    assert "203.0.113.8:4500" in sh("closed1", "wg show wg0 endpoints")


def test_only_the_gateway_forwards_and_only_from_wg0() -> None:
    flags = "cat /proc/sys/net/ipv4/conf/wg0/forwarding /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/eth0/forwarding"
    assert sh("gate", flags).split() == ["1", "0", "0"]
    sh("gate", "nft list table inet stretched; systemctl is-active stretched-relay")
    for name in HOSTS.keys() - {"gate"}:
        assert sh(name, flags).split() == ["0", "0", "0"], name
        assert "No such file" in sh(name, "nft list table inet stretched 2>&1 || true")
        sh(name, "test ! -e /etc/stretched && ! systemctl is-active stretched-relay")


def listened(script: Callable[[], object]) -> int:
    """Run something; return how many echo requests for inner1's LAN address came to it meanwhile."""
    sh("inner1", "nft 'add table inet test; add chain inet test in { type filter hook input priority 0; }; "
       "add rule inet test in ip daddr 10.1.0.12 icmp type echo-request counter'")  # fmt: skip
    try:
        script()
        told = sh("inner1", "nft list table inet test")
    finally:
        sh("inner1", "nft delete table inet test")
    return int(re.search(r"counter packets (\d+)", told)[1])  # type: ignore[index]


@pytest.fixture
def intruder() -> Iterator[Callable[[], object]]:
    """A member that sends packets for the gateway's LAN into its tunnel; the function sends two."""
    key = "$(wg show wg0 allowed-ips | awk '/192.168.7.3/ { print $1 }')"
    allowed = sh(
        "closed1",
        'wg show wg0 allowed-ips | awk \'/192.168.7.3/ { for (i = 2; i <= NF; i++) printf "%s%s", (i > 2 ? "," : ""), $i }\'',
    )
    sh("closed1", f"wg set wg0 peer {key} allowed-ips {allowed},10.1.0.12/32; ip route add 10.1.0.12 dev wg0")
    yield lambda: sh("closed1", "ping -q -c2 -W1 10.1.0.12 || true")
    sh("closed1", f"ip route del 10.1.0.12 dev wg0; wg set wg0 peer {key} allowed-ips {allowed}")


def test_a_member_does_not_get_into_the_gateways_lan(intruder: Callable[[], object]) -> None:
    assert listened(intruder) == 0
    sh("gate", "systemctl stop stretched-tables.timer; nft delete table inet stretched")
    try:  # without our rules it would, so the first half of this test can fail
        wait_until(lambda: listened(intruder) > 0, 20, "what the intruder sends gets in without our rules")
    finally:
        sh("gate", "systemctl restart stretched-relay; systemctl start stretched-tables.timer")
    assert listened(intruder) == 0


def test_nor_after_nftables_was_started_or_reloaded(intruder: Callable[[], object]) -> None:
    """The distribution's configuration of nftables begins with `flush ruleset`."""
    active = "nft list table inet stretched >/dev/null && systemctl is-active stretched-relay || true"
    sh("gate", "systemctl stop nftables")
    try:
        for verb in ("start", "reload", "restart"):
            sh(
                "gate",
                f"nft add table inet witness; systemctl {verb} nftables; ! nft list table inet witness 2>/dev/null",
            )
            wait_until(lambda: sh("gate", active).strip() == "active", 30, f"the table is there after {verb}")
            assert listened(intruder) == 0, verb
        sh("gate", "nft flush ruleset")
        wait_until(lambda: sh("gate", active).strip() == "active", 60, "the table is there after somebody deleted it")
        assert sh("gate", "cat /proc/sys/net/ipv4/conf/wg0/forwarding").split() == ["1"]
        sh("inner1", f"ping -q -c1 -W3 {HOSTS['closed1']}")
    finally:
        sh("gate", "systemctl stop nftables; systemctl restart stretched-relay")


SERVER = "import socket; s = socket.create_server(('0.0.0.0', 5001)); s.accept()"
CLIENT = "import socket; c = socket.create_connection(('192.168.7.6', 5001), 120); print(c.getsockopt(6, 2))"


def segment_size() -> int:
    """Connect inner1 to closed1; return the bytes of a TCP segment."""
    sh("closed1", f'systemd-run -q --unit=segments --collect python3 -c "{SERVER}"')
    wait_until(lambda: ":5001" in sh("closed1", "ss -ltn"), 20, "the server listens")
    size = int(sh("inner1", f'python3 -c "{CLIENT}"'))
    wait_until(lambda: ":5001" not in sh("closed1", "ss -ltn"), 20, "the server ends")
    return size


def test_tcp_segments_fit_the_gateways_mtu() -> None:
    assert 1300 < segment_size() <= 1420 - 40
    sh("gate", "ip link set wg0 mtu 1300")
    try:
        assert 1200 < segment_size() <= 1300 - 40
    finally:
        sh("gate", "ip link set wg0 mtu 1420")


def test_a_failing_relayed_pair_is_told_with_its_path_and_where_it_ends() -> None:
    sh(
        "gate",
        "nft 'add table inet test; add chain inet test f { type filter hook forward priority 0; }; add rule inet test f ip daddr 192.168.7.7 drop'",
    )

    def failed() -> tuple[list[str], bool]:
        told = sh("inner1", VERIFY.format(5), check=False)
        lines = [line.partition(" does not")[0] for line in told.splitlines() if line.startswith("pair failed")]
        return lines, "1 of 6 pairs failed" in told

    why = (
        "pair failed: inner1.lab.test -> closed2.lab.test (192.168.7.7) by gate.lab.test -> closed2.lab.test: gate.lab.test answers, "
        "closed2.lab.test behind it"
    )
    try:
        wait_for(failed, ([why], True), 30, "this pair fails, and no other")
    finally:
        sh("gate", "nft delete table inet test")
    assert "2 nodes through relays" in sh("inner1", VERIFY.format(300))


def test_a_gateway_that_was_restarted_forwards_again() -> None:
    run = LAB.layout.host("gate") / "run.json"
    boots = json.loads(run.read_text(encoding="utf-8"))["boots"]
    lab("exec", "gate", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself
    wait_until(lambda: bool(json.loads(run.read_text(encoding="utf-8"))["boots"] > boots), 120, "boot")
    for start, end in (("inner1", "closed1"), ("closed2", "inner2")):  # each of them has a tunnel to the gateway
        again = f"{start} reaches {end} through the gateway again"
        wait_until(lambda: pings(start, HOSTS[end]), 90, again)  # noqa: B023 - at once


def test_a_host_is_reached_by_another_user_with_sudo_from_now_on(stack: MeshLab) -> None:
    ours = "stretched-deployer$"
    sh("inner2", f"""
useradd -m admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
install -d -m 700 -o admin -g admin /home/admin/.ssh
grep -v '{ours}' /root/.ssh/authorized_keys >/home/admin/.ssh/authorized_keys
chown admin: /home/admin/.ssh/authorized_keys
""")  # fmt: skip
    stack.write(changed("sites/oneport/nodes/inner2.lab.test/ssh/user", "admin", declared()), DRAINED_FROM)
    stack.up()
    sh("inner2", f"""
test -e /home/admin/.stretched/nodes/inner2.lab.test/node
grep -q '{ours}' /home/admin/.ssh/authorized_keys
test ! -e /root/.stretched
! grep '{ours}' /root/.ssh/authorized_keys
""")  # fmt: skip
    LAB.reaches("inner2", HOSTS["closed1"])


def test_a_second_run_changes_nothing(stack: MeshLab) -> None:
    before = sh("gate", "sha256sum /etc/wireguard/wg0.conf /etc/stretched/relay.nft")
    assert re.search(r"Resources:\n +\d+ unchanged", stack.up())
    assert sh("gate", "sha256sum /etc/wireguard/wg0.conf /etc/stretched/relay.nft") == before
    kept = "awk -f /var/lib/stretched-uploads/node/current/secrets_in_force.awk /etc/wireguard/wg0.conf | sh /var/lib/stretched-uploads/node/current/tunnel.sh grow"
    assert sh("gate", kept) == "wg0: nothing to change"


def test_a_node_beyond_the_gateway_is_reached_until_it_is_drained_and_then_forgotten(stack: MeshLab) -> None:
    config = changed("sites/closed/nodes/closed2.lab.test", None, declared())
    wait = f"{PING_UNTIL_ANSWERED.replace('ADDRESS', HOSTS['closed2'])} && wg show wg0 allowed-ips"
    stack.write(config, "inner1.lab.test", wait)
    printed = stack.up()
    assert "1 packets transmitted, 1 received" in printed
    assert "192.168.7.7/32" in printed
    sh("inner2", "test ! -e /home/admin/.stretched && test -e /root/.stretched")  # root's again
    for name in HOSTS.keys() - {"closed2"}:
        assert "192.168.7.7" not in sh(name, "wg show wg0 allowed-ips; cat /etc/wireguard/wg0.conf"), name
    sh("closed2", "test ! -e /etc/wireguard/wg0.conf && test ! -e /sys/class/net/wg0")


def test_when_no_path_goes_through_it_the_gateway_stops_forwarding(stack: MeshLab) -> None:
    config = changed("sites/closed/nodes/closed2.lab.test", None, declared())
    config = changed(
        "sites/open/gateway", "open1.lab.test", changed("sites/closed/nodes/closed1.lab.test/lanAddress", None, config)
    )
    for name in ("inner1", "inner2"):
        config = changed(f"sites/oneport/nodes/{name}.lab.test/lanAddress", None, config)
    config = changed("sites/oneport/nodes/gate.lab.test/lanAddress", None, config)
    started = time.monotonic()
    stack.write(config, DRAINED_FROM)
    stack.up()
    print(f"other paths for all: {time.monotonic() - started:.0f} s")
    assert sh("open1", "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "1"
    assert sh("gate", "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "0"
    sh("gate", "test ! -e /etc/stretched && test ! -e /etc/systemd/system/stretched-relay.service")
    left = ["gate", "inner1", "inner2", "closed1", "open1", "open2"]
    for one in left:
        LAB.reaches(one, *(HOSTS[other] for other in left if other != one))


def test_nothing_is_left_of_it_on_any_host(stack: MeshLab) -> None:
    stack.destroy()
    for name in HOSTS:
        sh(
            name,
            "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /var/lib/stretched-uploads && test ! -e /sys/class/net/wg0",
        )
        assert "stretched" not in sh(name, "nft list tables; ls /etc/systemd/system; ls -A /root")
