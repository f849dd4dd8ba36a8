"""A gateway dies on real hosts, wholly or on one side: its pairs go through the other one, and back when it is there.

The tests run in the file's order on one lab, `lab/topologies/failover.yaml`; the program is tests/lab/mesh.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from tests.examples import TREE, configuration
from tests.lab.mesh_lab import MeshLab, mesh_lab
from tests.lab.place import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups")

FILE = TREE / "lab/topologies/failover.yaml"
HOSTS = {
    "open1": "192.168.8.1",
    "gate1": "192.168.8.2",
    "gate2": "192.168.8.3",
    "inner1": "192.168.8.4",
    "closed1": "192.168.8.5",
}
SWITCHED = 30
"""Seconds from the death of a gateway until its pairs answer again, as promised."""
BACK = 75
"""Seconds from its return until all is as before: at most 20 out of service, 30 of steady answers, and some for the machine."""


def twogates() -> dict[str, object]:
    def node(last: int, port: int) -> dict[str, object]:
        ssh = {"host": "203.0.113.8", "port": port}
        return {"address": f"192.168.8.{last}", "lanAddress": f"10.1.0.{last + 9}", "ssh": ssh}

    return {
        **configuration(),
        "mesh": {"cidr": "192.168.8.0/24"},
        "sites": {
            "open": {
                "institution": "north",
                "nodes": {
                    "open1.lab.test": {
                        "address": HOSTS["open1"],
                        "endpoint": "192.0.2.11",
                        "roles": ["control-plane", "etcd"],
                    }
                },
            },
            "twogates": {
                "institution": "middle",
                "gateway": ["gate1.lab.test", "gate2.lab.test"],
                "endpoint": ["203.0.113.8:4500", "203.0.113.8:4501"],
                "nodes": {
                    "gate1.lab.test": node(2, 2211),
                    "gate2.lab.test": node(3, 2212),
                    "inner1.lab.test": node(4, 2213),
                },
            },
            "closed": {
                "institution": "south",
                "nodes": {
                    "closed1.lab.test": {"address": HOSTS["closed1"], "ssh": {"host": "203.0.113.9", "port": 2211}}
                },
            },
        },
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with mesh_lab(FILE, tmp_path_factory.mktemp("stack") / "mesh") as made:
        made.write(twogates(), "open1.lab.test")
        yield made


def at(place: MeshLab, host: str, far: str) -> str:
    """The peer of a host that has the address of another one now, by the name of its tunnel."""
    keys = {}
    for name in HOSTS.keys() - {host}:
        keys[place.sh(name, "wg show wg0 public-key")] = name
    for line in place.sh(host, "wg show wg0 allowed-ips").splitlines():
        key, *addresses = line.split()
        if f"{HOSTS[far]}/32" in addresses:
            return keys[key]
    return "nobody"


def through(place: MeshLab) -> tuple[str, str]:
    """Through whom inner1 and closed1 send to each other."""
    return at(place, "inner1", "closed1"), at(place, "closed1", "inner1")


def all_ping(place: MeshLab, names: list[str]) -> None:
    def ping(host: str) -> None:
        others = [HOSTS[name] for name in names if name != host]
        place.sh(host, f"for address in {' '.join(others)}; do ping -q -c1 -W3 $address; done")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ping, names))


def in_router(place: MeshLab, *words: str) -> None:
    subprocess.run(["ip", "netns", "exec", place.layout.router_netns("twogates"), *words], check=True)


def pause(place: MeshLab, harm: Callable[[], None]) -> float:
    """Do some harm; return after how many seconds inner1 and closed1 answer each other again, from both sides."""
    harm()
    began = time.monotonic()
    wait_until(lambda: not place.pings("inner1", HOSTS["closed1"]), 10, "the harm is felt")
    wait_until(
        lambda: place.pings("inner1", HOSTS["closed1"]) and place.pings("closed1", HOSTS["inner1"]),
        SWITCHED - (time.monotonic() - began),
        "the pair answers again through the other gateway",
    )
    return time.monotonic() - began


def comes_back(place: MeshLab) -> None:
    """Await that all is as before."""
    began = time.monotonic()
    wait_until(lambda: through(place) == ("gate1", "gate1"), BACK, "both are back at the preferred gateway")
    wait_until(lambda: place.pings("inner1", HOSTS["closed1"]), 10, "and the pair answers")
    print(f"as before {time.monotonic() - began:.0f} s after the gateway's return")
    all_ping(place, list(HOSTS))


def test_with_all_up_the_preferred_gateway_carries_and_the_other_is_ready(place: MeshLab) -> None:
    place.up()
    all_ping(place, list(HOSTS))
    assert through(place) == ("gate1", "gate1")
    for gate in ("gate1", "gate2"):
        assert place.sh(gate, "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "1"
    for name in HOSTS.keys() - {"open1"}:
        assert place.sh(name, "systemctl is-active stretched-watch") == "active"
    place.sh("open1", "test ! -e /etc/stretched && test ! -e /run/stretched")
    told = place.pulumi("stack", "output", "readme", "--stack", place.name)
    assert "1 through gate2.lab.test" in told


def test_the_death_of_a_gateway_is_survived(place: MeshLab) -> None:
    seconds = pause(place, lambda: in_router(place, "ip", "link", "set", "h-gate1", "down"))
    print(f"cable of gate1 pulled: the pair answers again after {seconds:.0f} s")
    assert through(place) == ("gate2", "gate2")
    all_ping(place, ["open1", "gate2", "inner1", "closed1"])
    assert "gateway gate1.lab.test (192.168.8.2): down" in place.sh("inner1", "sh /etc/stretched/watch.sh status")
    assert "gate1.lab.test (192.168.8.2) is down" in place.sh("closed1", "journalctl -q -o cat -u stretched-watch")
    assert place.sh("inner1", "grep -c 192.168.8.5/32 /etc/wireguard/wg0.conf") == "1", "the file stays as it was"


def test_what_an_up_does_meanwhile_leaves_the_saved_pair_alone(place: MeshLab) -> None:
    lost = (
        "ping -q -i0.2 -c 40 192.168.8.5 >/tmp/pings & "
        "sed -i 's/^PersistentKeepalive = 25/PersistentKeepalive = 24/' /root/.stretched/node/wg0.public.conf; "
        "awk -f /root/.stretched/node/secrets_in_force.awk /etc/wireguard/wg0.conf | sh /root/.stretched/node/tunnel.sh grow; "
        "sh /root/.stretched/node/tunnel.sh prune; "
        "sed -i 's/^PersistentKeepalive = 24/PersistentKeepalive = 25/' /root/.stretched/node/wg0.public.conf; "
        "sh /root/.stretched/node/tunnel.sh prune; systemctl restart stretched-watch; wait; cat /tmp/pings"
    )
    printed = place.sh("inner1", lost)
    assert printed.count("wg0: 4 peers") == 2, printed
    received = int(printed.split("packets transmitted, ")[1].split()[0])
    print(f"{received} of 40 pings while wg0 was changed three times")
    assert received >= 36
    assert through(place) == ("gate2", "gate2")
    told = place.sh("inner1", "STRETCHED_PATIENCE=5 sh /root/.stretched/node/verify.sh", check=False)
    assert "stretched-watch sees these gateways down, and goes around them: gate1.lab.test" in told
    assert "1 of 4 pairs failed" in told


def test_when_the_gateway_is_back_all_is_as_before(place: MeshLab) -> None:
    in_router(place, "ip", "link", "set", "h-gate1", "up")
    comes_back(place)
    assert "gate1.lab.test (192.168.8.2) is back" in place.sh("inner1", "journalctl -q -o cat -u stretched-watch")


CUT = (
    "add table inet cut; add chain inet cut f {{ type filter hook forward priority -5; }}; add rule inet cut f {} drop"
)


def test_a_gateway_whose_wan_side_dies_says_so_to_its_site(place: MeshLab) -> None:
    seconds = pause(
        place,
        lambda: in_router(
            place, "nft", CUT.format("ip saddr 10.1.0.11") + "; add rule inet cut f ip daddr 10.1.0.11 drop"
        ),
    )
    print(f"gate1 cut off from the WAN: the pair answers again after {seconds:.0f} s")
    assert place.pings("inner1", HOSTS["gate1"]), "its LAN side is alive"
    assert through(place) == ("gate2", "gate2")
    assert "it says so itself" in place.sh("inner1", "journalctl -q -o cat -u stretched-watch")
    all_ping(place, ["open1", "gate2", "inner1", "closed1"])
    in_router(place, "nft", "delete table inet cut")
    comes_back(place)


def test_with_both_gateways_down_nothing_moves(place: MeshLab) -> None:
    in_router(place, "nft", CUT.format("ip saddr { 10.1.0.11, 10.1.0.12 }"))
    try:
        down = "sh /etc/stretched/watch.sh status | grep -c ': down'"
        wait_until(lambda: place.sh("inner1", down, check=False) == "2", SWITCHED, "inner1 knows of both")
        wait_until(lambda: place.sh("closed1", down, check=False) == "2", SWITCHED, "closed1 knows of both")
        wait_until(lambda: through(place) == ("gate1", "gate1"), 10, "both have the normal way")
    finally:
        in_router(place, "nft", "delete table inet cut")
    wait_until(lambda: place.pings("inner1", HOSTS["closed1"]), 30, "the pair answers again")
    comes_back(place)


def test_a_gateway_that_is_restarted_is_left_and_taken_again_by_both_ends(place: MeshLab) -> None:
    place.lab("exec", "gate1", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself
    wait_until(lambda: through(place) == ("gate2", "gate2"), SWITCHED, "both ends have left it")
    comes_back(place)


def test_without_a_second_gateway_there_is_no_watch_any_more(place: MeshLab) -> None:
    config = twogates()
    sites = config["sites"]
    assert isinstance(sites, dict)
    sites["twogates"].update(gateway="gate1.lab.test", endpoint="203.0.113.8:4500")
    place.write(config, "open1.lab.test")
    place.up()
    for name in HOSTS:
        place.sh(name, "test ! -e /etc/systemd/system/stretched-watch.service && test ! -e /run/stretched")
        assert "stretched-watch" not in place.sh(name, "systemctl list-units --all --no-legend")
    assert place.sh("gate2", "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "0"
    all_ping(place, list(HOSTS))


def test_nothing_is_left_of_it_on_any_host(place: MeshLab) -> None:
    place.write(twogates(), "open1.lab.test")
    place.up()
    place.destroy()
    for name in HOSTS:
        place.sh(
            name,
            "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0 && test ! -e /run/stretched",
        )
        assert "stretched" not in place.sh(name, "nft list tables; ls /etc/systemd/system; ls -A /root")
