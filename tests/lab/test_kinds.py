"""Hosts as administrators have them: like EL9 with dnf, firewalld and NetworkManager; like Ubuntu with ufw and systemd-resolved;
Debian 11, 12 and 13. They are one mesh, whose two gateways are those with a firewall of their own.

The tests run in the file's order on one lab, `lab/topologies/kinds.yaml`; the program is tests/lab/mesh.
"""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from tests.lab import programs
from tests.lab.gateways import BACK
from tests.lab.mesh_lab import IN_A_LAB, MeshLab
from tests.lab.place import wait_until
from tests.lab.pods import Pods
from tests.support.examples import TREE, changed, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

LAB = MeshLab(TREE / "lab/topologies/kinds.yaml")
OPERATOR = "203.0.113.200"
WG0 = {
    "plain1": "192.168.9.1",
    "el1": "192.168.9.2",
    "ubuntu1": "192.168.9.3",
    "old1": "192.168.9.4",
    "new1": "192.168.9.5",
}
SWITCHED = 240
"""Seconds until a pair answers again through the other gateway: on a busy machine, for 30 are promised."""
SERVICE = {"web": {"port": 443, "hostPort": 8443, "at": ["closed", "ubuntu1.lab.test"], "from": "public", "entries": ["el1.lab.test"]}}  # fmt: skip


def declared(**more: object) -> dict[str, object]:
    def behind(name: str, port: int) -> dict[str, object]:
        return {"address": WG0[name], "ssh": {"host": "203.0.113.8", "port": port}}

    sites: dict[str, object] = {
        "open": {
            "institution": "north",
            "nodes": {
                "plain1.lab.test": {
                    "address": WG0["plain1"],
                    "endpoint": "192.0.2.11",
                    "roles": ["control-plane", "etcd"],
                }
            },
        },
        "gates": {
            "institution": "middle",
            "gateway": ["el1.lab.test", "ubuntu1.lab.test"],
            "endpoint": ["203.0.113.8:4500", "203.0.113.8:4501"],
            "nodes": {
                "el1.lab.test": {**behind("el1", 2211), "lanAddress": "10.1.0.11"},
                "ubuntu1.lab.test": {**behind("ubuntu1", 2212), "lanAddress": "10.1.0.12"},
                "old1.lab.test": {**behind("old1", 2213), "lanAddress": "10.1.0.13"},
            },
        },
        "closed": {
            "institution": "south",
            "nodes": {"new1.lab.test": {"address": WG0["new1"], "ssh": {"host": "203.0.113.9", "port": 2211}}},
        },
    }
    whole = {**configuration(), "mesh": {"cidr": "192.168.9.0/24"}, "sites": sites, "forKubernetes": True, **more}
    whole = changed("kubernetes/variables", IN_A_LAB, whole)
    return changed("kubernetes/apiAddress", "192.0.2.11", whole)


# What is there of ours, and what firewalls have: the same before and after.
FOOTPRINT = """
ls /sys/class/net
find /etc/systemd/system /etc/wireguard /etc/stretched /var/lib/stretched /var/lib/stretched-uploads /root /run/stretched \
    2>/dev/null | grep -v '/[.]cache' || :
! command -v nft >/dev/null || nft list tables | grep stretched || :
! command -v ufw >/dev/null || { ufw status; ufw show added; }
! command -v firewall-cmd >/dev/null || { firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; }
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        LAB.write(declared(), "plain1.lab.test")
        yield LAB


@pytest.fixture(scope="module")
def footprints(place: MeshLab) -> dict[str, str]:
    """What is on the hosts before any of ours is."""
    return place.everywhere(WG0, FOOTPRINT)


def silent(place: MeshLab, hosts: list[str]) -> list[tuple[str, str]]:
    """Return the pairs, one way, that do not answer a ping."""

    def answers(pair: tuple[str, str]) -> bool:
        return place.pings(pair[0], WG0[pair[1]])

    pairs = list(permutations(hosts, 2))
    with ThreadPoolExecutor(3) as pool:
        return [pair for pair, fine in zip(pairs, pool.map(answers, pairs), strict=True) if not fine]


def await_all_pairs(place: MeshLab, *hosts: str) -> None:
    # Handshakes that collide come again after five seconds.
    wait_until(lambda: not silent(place, list(hosts or WG0)), 90, "every pair answers, both ways")


def through(place: MeshLab) -> set[str]:
    """Return the gateways to which old1 and new1 send what is for each other."""
    keys = {key: host for host, key in place.everywhere(WG0, "wg show wg0 public-key").items()}
    found = set()
    for here, there in (("old1", "new1"), ("new1", "old1")):
        for line in place.sh(here, "wg show wg0 allowed-ips").splitlines():
            key, *ranges = line.split()
            if f"{WG0[there]}/32" in ranges:
                found.add(keys[key])
    return found


def test_the_hosts_are_what_they_are_said_to_be(place: MeshLab, footprints: dict[str, str]) -> None:
    status = place.lab("status").stdout
    for host, system in (("el1", "el9-like"), ("ubuntu1", "ubuntu-like"), ("old1", "bullseye"), ("new1", "trixie")):
        assert any(line.startswith(host) and f" {system} " in line for line in status.splitlines()), status
    el9 = "! command -v apt-get; firewall-cmd --state; nmcli -g GENERAL.STATE device show eth0; cat /proc/sys/net/ipv4/conf/default/rp_filter"
    assert place.sh("el1", el9).splitlines() == ["running", "100 (connected)", "1"]
    ubuntu = "ufw status | head -n1; systemctl is-active systemd-networkd systemd-resolved; command -v needrestart"
    assert place.sh("ubuntu1", ubuntu).splitlines() == ["Status: active", "active", "active", "/usr/sbin/needrestart"]
    versions = place.everywhere(WG0, "python3 -c 'import sys; print(*sys.version_info[:2])'")
    assert versions == {"plain1": "3 11", "el1": "3 11", "ubuntu1": "3 11", "old1": "3 9", "new1": "3 13"}
    assert "zone" not in footprints["plain1"]
    assert "trusted" in footprints["el1"]


def test_every_pair_talks_one_of_them_through_a_gateway(place: MeshLab) -> None:
    printed = place.up()
    assert "not all paths could be measured" not in printed, printed
    await_all_pairs(place)
    assert through(place) == {"el1"}
    assert place.sh("el1", "rpm -q --qf '%{NAME}' wireguard-tools") == "wireguard-tools"
    again = place.up()
    assert "updated" not in again, again
    assert "created" not in again, again


def test_pods_reach_each_other_and_the_nodes_through_firewalld_and_ufw(place: MeshLab) -> None:
    pods = Pods(place, {host: WG0[host] for host in ("plain1", "el1", "ubuntu1")})
    pods.lay()
    pods.expect_all_answers()
    place.sh("el1", "firewall-cmd -q --reload")
    place.sh("ubuntu1", "ufw reload")
    pods.expect_all_answers()
    pods.remove()


def test_a_service_enters_at_the_host_with_firewalld(place: MeshLab) -> None:
    firewall = {"enabled": True, "ssh": [f"{OPERATOR}/32"]}
    place.write(declared(services=SERVICE, firewall=firewall), "plain1.lab.test")
    place.up()
    await_all_pairs(place)
    assert place.sh("el1", "rpm -q --qf '%{NAME}' haproxy") == "haproxy"
    for host in ("new1", "ubuntu1"):
        programs.start(place, host, "tcp:8443")

    await_answer(place, "ubuntu1")
    place.sh("ubuntu1", "systemctl stop serve")
    await_answer(place, "new1")


def await_answer(place: MeshLab, host: str) -> None:
    """Await that the service answers from a host; that of the entry's own site is preferred."""
    question = ("tcp", "203.0.113.8", 443)
    wait_until(lambda: programs.answers(place, "operator", question) == [[host, WG0["el1"]]], 60, f"{host} answers")


def boots(place: MeshLab, host: str) -> str:
    return place.lab("exec", host, "--", "systemctl", "show", "-p", "UserspaceTimestampMonotonic", check=False).stdout


def test_a_reboot_is_survived(place: MeshLab) -> None:
    hosts = ("el1", "ubuntu1", "new1")
    before = {host: boots(place, host) for host in hosts}
    for host in hosts:
        place.lab("exec", host, "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself

    def back(host: str) -> bool:
        state = place.lab("exec", host, "--", "systemctl", "is-system-running", check=False).stdout.strip()
        return state == "running" and boots(place, host) != before[host]

    for host in hosts:
        wait_until(lambda: back(host), 180, f"{host} is up again, with all its units")  # noqa: B023 - at once
    await_all_pairs(place)
    programs.start(place, "ubuntu1", "tcp:8443")
    await_answer(place, "ubuntu1")


def test_the_death_of_the_gateway_with_firewalld_is_survived_by_that_with_ufw(place: MeshLab) -> None:
    wait_until(lambda: through(place) == {"el1"}, BACK, "both use the preferred gateway")
    router = ["ip", "netns", "exec", place.layout.router_netns("gates"), "ip", "link", "set", "h-el1"]
    subprocess.run([*router, "down"], check=True)
    wait_until(lambda: through(place) == {"ubuntu1"}, SWITCHED, "both go through the other gateway")
    await_all_pairs(place, "plain1", "ubuntu1", "old1", "new1")
    subprocess.run([*router, "up"], check=True)
    wait_until(lambda: through(place) == {"el1"}, 2 * BACK, "both are back at the preferred gateway")
    await_all_pairs(place)


def test_nothing_of_ours_is_left(place: MeshLab, footprints: dict[str, str]) -> None:
    place.destroy()
    assert place.everywhere(WG0, FOOTPRINT) == footprints
