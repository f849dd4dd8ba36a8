"""Services on real hosts: reached directly and through wg0, under load, with dead servers, and gone when removed.

There is no cluster here: what answers are programs of the hosts (`hostPort`), and a plain host (`target`). A NodePort is
for an entry just another port at wg0's address.

The tests run in the file's order on one lab, `lab/topologies/services.yaml`; the program is tests/lab/mesh.
"""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping

import pytest

from tests.lab import programs
from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until
from tests.lab.programs import PYTHON
from tests.lab.serve import stream
from tests.lab.services_lab import (
    AGLT2A,
    LAB,
    MWT2A,
    MWT2B,
    OPERATOR,
    PROGRAMS,
    SERVICES,
    WG0,
    declared,
    start,
)
from tests.support.examples import TREE

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
    pytest.mark.usefixtures("stack"),
]

MEGABYTES = int(os.environ.get("STRETCHED_TRANSFER_MB", "100"))
"""Of the transfer; 1000 take a minute or two, for wireguard-go on two cores."""

TCP_OF = {MWT2A: {80, 443, 8001, 8003}, MWT2B: {80, 8002}, AGLT2A: {443, 8003, 8004, 8445}}
"""Ports that are declared at each public address. `few` is open there to its own clients only."""

TAKE = """
import hashlib, socket, sys, time
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 300)
left = int(sys.argv[3])
began = time.monotonic()
c.sendall(b"get %d\\n" % left)
found = hashlib.sha256()
while left and (block := c.recv(1 << 20)):
    found.update(block)
    left -= len(block)
print(found.hexdigest(), left, round(time.monotonic() - began, 1))
"""


def up(services: Mapping[str, object]) -> str:
    LAB.write(declared(services), "mwt2a.lab.test")
    began = time.monotonic()
    printed = LAB.up()
    print(f"up: {time.monotonic() - began:.0f} s")
    return printed


def who(address: str, port: int, place: str = "operator") -> list[str]:
    """Return which program answers, and the client's address that it sees."""
    return programs.who(LAB, "tcp", address, port, place)


def who_udp(address: str, port: int, place: str = "operator", *source: int) -> list[str]:
    return programs.who(LAB, "udp", address, port, place, *source)


def nobody(address: str, port: int, place: str = "operator") -> bool:
    """Tell whether nobody answers by TCP."""
    return programs.nobody(LAB, "tcp", address, port, place)


def nobody_udp(address: str, port: int, place: str = "operator") -> bool:
    return programs.nobody(LAB, "udp", address, port, place)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        for host in PROGRAMS:
            start(host)
        yield LAB


def test_the_services_come_up_and_another_run_changes_nothing() -> None:
    printed = up(SERVICES)
    assert "4 by HAProxy, 4 redirected by nftables" in printed.replace("\n", " ")
    again = up(SERVICES)
    assert "updated" not in again
    assert "created" not in again
    LAB.sh("mwt2a", "! systemctl is-active haproxy; ! systemctl is-enabled haproxy")


def test_a_client_on_the_wan_reaches_the_private_site_through_wg0_and_the_public_one_directly() -> None:
    for address in (MWT2A, AGLT2A):
        entry = WG0["mwt2a" if address == MWT2A else "aglt2a"]
        expected = {("uvica", entry), ("uvicb", entry)}
        seen: set[tuple[str, ...]] = set()

        def both() -> bool:
            seen.add(tuple(who(address, 443)))  # noqa: B023 - at once
            assert seen <= expected, "they see the entry"  # noqa: B023
            return seen == expected  # noqa: B023

        wait_until(both, 20, "both answer")
    assert {who(address, 80)[0] for address in (MWT2A, MWT2B)} <= {"mwt2a", "mwt2b"}
    assert nobody(AGLT2A, 80)
    assert nobody(MWT2B, 443), "one entry of a site is enough"


def test_the_clients_address_is_told_or_kept_where_that_was_asked() -> None:
    assert who(MWT2A, 8001)[1] == OPERATOR
    assert who(MWT2B, 8002) == ["mwt2b", OPERATOR], "at another port of the program"
    assert who(AGLT2A, 8445) == ["aglt2a", OPERATOR], "at its own port"


def test_a_plain_host_and_a_service_of_the_mesh_are_reached() -> None:
    assert who(AGLT2A, 8004)[0] == "plain"
    assert who_udp(AGLT2A, 5357)[0] == "plain"
    assert who(WG0["uvica"], 8005, "aglt2a")[0] == "uvica"
    assert nobody("10.1.0.11", 8005, "plain"), "not from the LAN"
    assert nobody(WG0["uvica"], 8005, "plain")


def test_only_who_is_declared_may_come() -> None:
    assert who(MWT2A, 8003, "aglt2a")[0] in ("uvica", "uvicb")
    assert nobody(MWT2A, 8003)
    assert who_udp(MWT2A, 5356, "aglt2a")[0] in ("uvica", "uvicb")
    assert nobody_udp(MWT2A, 5356)


WITNESS = """
table inet witness {
  set udp_seen { type inet_service; size 65536; flags dynamic; }
  chain input {
    type filter hook input priority filter + 100; policy accept;
    iifname "eth0" ct direction original udp dport != 0 ct mark and 0x40 == 0 add @udp_seen { udp dport }
  }
  chain forward {
    type filter hook forward priority filter + 100; policy accept;
    iifname "eth0" ct direction original udp dport != 0 add @udp_seen { ct original proto-dst }
  }
}
"""


def test_a_scan_from_the_wan_finds_the_declared_ports_and_nothing_else() -> None:
    for address, ports in TCP_OF.items():
        expected = {22, *ports} - {8003}

        def all_found() -> bool:
            """A busy WAN loses packets, and so finds too little; never too much."""
            found = LAB.scan("operator", "tcp", address)  # noqa: B023 - at once
            assert not found - expected  # noqa: B023
            return found == expected  # noqa: B023

        wait_until(all_found, 90, f"{expected} at {address}")
    LAB.sh("mwt2a", f"nft '{WITNESS}'")
    LAB.scan("operator", "udp", MWT2A)
    told = json.loads(LAB.sh("mwt2a", "nft -j list set inet witness udp_seen; nft delete table inet witness"))
    seen = set(next(item["set"] for item in told["nftables"] if "set" in item).get("elem", []))
    assert seen <= {51820, 5353}
    assert nobody_udp(MWT2A, 5454), "the port of the program itself"


def downs() -> int:
    """Return how often mwt2a has seen that uvica does not answer for the service `closed`."""
    told = LAB.sh("mwt2a", "journalctl -q -o cat -u stretched-services")
    return told.count("Server closed/uvica.lab.test is DOWN")


def test_udp_goes_to_both_servers_and_within_seconds_to_the_other_one_when_one_is_dead() -> None:
    sources = range(40000, 40012)
    first = {source: who_udp(MWT2A, 5353, "operator", source) for source in sources}
    assert {told[0] for told in first.values()} == {"uvica", "uvicb"}
    assert {told[1] for told in first.values()} == {WG0["mwt2a"]}
    before = downs()
    # The host is silent: no packet of wg0 gets in.
    dead, living = "uvica", "uvicb"
    source = next(source for source, told in first.items() if told[0] == dead)
    LAB.sh(dead, "nft 'table inet dead { chain in { type filter hook prerouting priority -400; iifname wg0 drop; }; }'")
    began = time.monotonic()
    wait_until(
        lambda: who_udp(MWT2A, 5353, "operator", source)[:1] == [living], 30, "the same client gets another answer"
    )
    print(f"UDP: another server after {time.monotonic() - began:.0f} s")
    assert {who_udp(MWT2A, 5353, "operator", one)[0] for one in list(sources)[:4]} == {living}
    wait_until(lambda: downs() > before, 20, "TCP too")
    assert {who(MWT2A, 443)[0] for _ in range(4)} == {living}
    LAB.sh(dead, "nft delete table inet dead")
    wait_until(lambda: who(MWT2A, 443)[0] == dead, 30, "it gets connections again")


def test_what_runs_at_the_entry_itself_is_answered_there_until_it_dies() -> None:
    assert who_udp(MWT2A, 5355) == ["mwt2a", OPERATOR]
    assert who_udp(MWT2B, 5355) == ["mwt2b", OPERATOR]
    LAB.sh("mwt2a", "systemctl kill -s KILL serve")
    wait_until(lambda: who_udp(MWT2A, 5355)[:1] == ["mwt2b"], 30, "the other node of the site answers")
    assert {who(MWT2A, 80)[0] for _ in range(3)} == {"mwt2b"}
    start("mwt2a")
    wait_until(lambda: who_udp(MWT2A, 5355)[:1] == ["mwt2a"], 30, "it answers again")


# What kube-proxy does for a pod that is on mwt2b. NodePorts are at wg0's address alone: kube_proxy_nodeport_addresses.
KUBE_PROXY = f"""
table ip kube-proxy {{
  chain services {{
    type nat hook prerouting priority dstnat; ip daddr {WG0["mwt2a"]} udp dport 30454 dnat to {WG0["mwt2b"]}:5454;
  }}
  chain out {{ type nat hook postrouting priority srcnat; oifname "wg0" udp dport 5454 masquerade; }}
}}
"""


def test_a_node_port_of_the_entry_itself_is_asked_as_kube_proxy_wants_it() -> None:
    # Nodes of Kubernetes forward; then nothing is opened for these services, and none of what is open gets shut.
    LAB.sh("mwt2a", f"nft '{KUBE_PROXY}'; echo 1 >/proc/sys/net/ipv4/ip_forward")
    wait_until(lambda: who_udp(MWT2A, 5358)[:1] == ["mwt2b"], 20, "the pod answers, from the address that was asked")
    assert nobody_udp(MWT2A, 30454), "from outside the NodePort itself is shut"
    wait_until(
        lambda: "eth0" not in LAB.sh("mwt2a", "nft list set inet stretched_services opened"), 20, "none is opened"
    )
    assert who_udp(MWT2A, 5353)[0] in ("uvica", "uvicb")
    LAB.sh("mwt2a", "nft delete table ip kube-proxy; echo 0 >/proc/sys/net/ipv4/ip_forward")
    assert who_udp(MWT2A, 5353), "forwarded for these services again"


ADDED = {"port": 8006, "hostPort": 8443, "at": ["uvic"], "from": "public", "entries": ["mwt2a.lab.test"]}


def loaded(address: str, port: int, connections: int, questions: int) -> "subprocess.Popen[str]":
    program = (TREE / "tests/lab/load.py").read_text(encoding="utf-8")
    words = LAB.words(
        "exec", "operator", "--", PYTHON, "-c", program, address, str(port), str(connections), str(questions)
    )
    return subprocess.Popen(words, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_load_is_answered_while_its_entry_is_reloaded_and_a_server_is_killed() -> None:
    other, load = loaded(MWT2A, 80, 20, 1000), loaded(MWT2A, 443, 200, 200 * 30)
    before = downs()
    established = "ss -Htn state established sport = :443 | wc -l"
    wait_until(lambda: int(LAB.sh("mwt2a", established)) >= 150, 60, "the load is on")
    assert "mwt2a.lab.test-served updated" in " ".join(up({**SERVICES, "added": ADDED}).split())
    LAB.sh("uvica", "systemctl kill -s KILL serve")
    try:
        wait_until(lambda: downs() > before, 30, "it is seen")
        results = [json.loads(process.communicate(timeout=1200)[0]) for process in (other, load)]
    finally:
        start("uvica")
    print("load:", *results)
    assert results[0]["again"] == results[0]["failed"] == 0, "by a reload nothing is lost"
    assert results[1]["failed"] == 0
    assert results[1]["again"] <= 200, "once for each connection at most"
    assert results[1]["asked"] >= 200 * 30
    assert set(results[1]["by"]) == {"uvica", "uvicb"}
    assert who(MWT2A, 8006)


def test_a_large_transfer_through_the_tunnel_is_whole() -> None:
    count = MEGABYTES * 1_000_000
    digest = hashlib.sha256()
    for block in stream(count):
        digest.update(block)
    found = (programs.run(LAB, "operator", TAKE, MWT2A, 443, count) or "").split()
    print(f"transfer: {MEGABYTES} MB in {found[2]} s")
    assert found[:2] == [digest.hexdigest(), "0"]


def test_a_removed_service_is_closed_at_once_and_another_one_keeps_its_connections() -> None:
    kept = programs.Kept(LAB, MWT2A, 443, 80)
    assert [told.split()[0][:4] for told in kept.before] == ["uvic", "mwt2"]
    rest = {name: service for name, service in SERVICES.items() if name not in ("open", "echo", "kept")}
    up(rest)
    assert kept.again() == [kept.before[0], "closed"]
    assert nobody(MWT2A, 80)
    assert nobody(MWT2B, 8002)
    assert nobody_udp(MWT2A, 5353)
    assert who_udp(MWT2A, 5355)[0] == "mwt2a"


def test_a_port_that_another_program_has_is_refused_before_any_change() -> None:
    LAB.sh("aglt2a", f"systemd-run -q --unit=other --collect {PYTHON} -m http.server --bind {AGLT2A} 8009")
    wait_until(lambda: ":8009" in LAB.sh("aglt2a", "ss -Hltn"), 30, "another program has the port")
    rest = {name: service for name, service in SERVICES.items() if name not in ("open", "echo", "kept")}
    LAB.write(declared({**rest, "bad": {**ADDED, "port": 8009, "entries": ["aglt2"]}}), "mwt2a.lab.test")
    words = ("up", "--yes", "--skip-preview", "--stack", LAB.stack, "--non-interactive")
    done = LAB.lab("run", "pulumi", *words, cwd=LAB.directory, check=False)
    assert done.returncode != 0
    assert "TCP 8009, which a service of `services` has, is in use by python3" in done.stdout
    assert who(AGLT2A, 443)
    assert who(AGLT2A, 8004)[0] == "plain"
    assert "8009" not in LAB.sh("aglt2a", "cat /etc/stretched/services/haproxy.cfg")
    LAB.sh("aglt2a", "systemctl stop other")


def test_an_entry_that_is_started_again_serves_again() -> None:
    boot = LAB.sh("aglt2a", "systemctl show -p UserspaceTimestampMonotonic")
    LAB.lab("exec", "aglt2a", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself

    def started() -> bool:
        found = LAB.lab("exec", "aglt2a", "--", "systemctl", "show", "-p", "UserspaceTimestampMonotonic", check=False)
        return found.returncode == 0 and found.stdout.strip() != boot

    wait_until(started, 60, "it starts")
    # Hosts behind NAT cannot be called; their side of the tunnel makes a new session when the old one is too old, after
    # 120 to 180 s (REKEY_AFTER_TIME and REJECT_AFTER_TIME of WireGuard).
    served = {("tcp", AGLT2A, 8004): "TCP", ("udp", AGLT2A, 5357): "UDP"}
    for question, kind in served.items():
        wait_until(lambda: programs.answers(LAB, "operator", question)[0][:1] == ["plain"], 210, f"{kind} is served")  # noqa: B023
    assert nobody(AGLT2A, 8003), "not for everybody"
    assert "dport 8003 drop" in LAB.sh("aglt2a", "nft list table inet stretched_services")


HOSTS_FILES = """
ls -A /etc/systemd/system
ls -A /etc/stretched 2>/dev/null || :
ls /run | grep -v '^stretched.lock$'
nft list tables
cat /proc/sys/net/ipv4/conf/eth0/forwarding
"""


def test_without_services_nothing_of_them_is_left_and_without_a_stack_nothing_at_all() -> None:
    up({})
    for host in WG0:
        told = LAB.sh(host, f"{HOSTS_FILES} ls -A /var/lib/stretched-uploads")
        assert "services" not in told
        assert "\n0\n" in told, "nothing is forwarded any more"
        assert "stretched_firewall" in told
    assert nobody(MWT2A, 443)
    assert LAB.scan("operator", "tcp", AGLT2A) <= {22}
    LAB.destroy()
    for host in WG0:
        LAB.sh(host, "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0")
        assert "stretched" not in LAB.sh(host, f"{HOSTS_FILES} ls -A /root")
