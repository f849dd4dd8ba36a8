"""What this project is for, in one lab of five real hosts: the one that `make test` runs. The others go into depth.

One site is public, one is behind NAT with two gateways and a port for each, one has no port at all. The tests run in the
file's order on one lab, see tests/lab/gateways.py.
"""

import os
import re
from collections.abc import Iterator

import pytest

from tests.lab import programs
from tests.lab.gateways import BACK, HOSTS, SWITCHED, Gateways, gateways, twogates

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups")

OPERATOR = "203.0.113.200"
ENTRY = "192.0.2.11"
"""Of open1, the public host."""
SERVICES = {
    "portal": {"port": 443, "hostPort": 8443, "at": ["inner1.lab.test"], "from": "public"},
    "echo": {"port": 5353, "protocol": "udp", "hostPort": 5454, "at": ["inner1.lab.test"], "from": "public"},
}
SERVED: dict[tuple[object, ...], list[str]] = {
    ("tcp", ENTRY, 443): ["inner1", HOSTS["open1"]],
    ("udp", ENTRY, 5353): ["inner1", HOSTS["open1"]],
}
"""Who answers, and whom it sees."""
UNDECLARED = 7000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    with gateways(tmp_path_factory.mktemp("stack")) as made:
        for host, ports in (("open1", f"tcp:{UNDECLARED}"), ("inner1", "tcp:8443 udp:5454")):
            programs.start(made.lab, host, ports)
        firewall = {"enabled": True, "ssh": [f"{OPERATOR}/32"]}
        made.lab.write({**twogates(), "firewall": firewall, "services": SERVICES}, "open1.lab.test")
        yield made


def test_one_up_makes_the_mesh_and_every_pair_talks(place: Gateways) -> None:
    place.up()
    place.all_ping(list(HOSTS))


def test_sites_without_a_port_reach_each_other_through_the_gateway_behind_nat(place: Gateways) -> None:
    place.goes_through("gate1", BACK)
    assert "203.0.113.8:4500" in place.sh("closed1", "wg show wg0 endpoints"), "the port that its router forwards"
    assert place.sh("gate1", "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "1"
    readme = place.lab.pulumi("stack", "output", "readme", "--stack", place.lab.stack)
    assert "1 through gate2.lab.test" in readme, "what happens when the gateway dies is said beforehand"


def test_another_up_changes_nothing(place: Gateways) -> None:
    assert re.search(r"Resources:\n +\d+ unchanged", place.lab.up())


def test_a_service_of_a_private_host_is_reached_from_the_world_at_the_public_one(place: Gateways) -> None:
    programs.expect(place.lab, "operator", SERVED)


def test_what_is_not_declared_is_open_in_the_mesh_alone(place: Gateways) -> None:
    assert programs.nobody(place.lab, "tcp", ENTRY, UNDECLARED)
    assert programs.who(place.lab, "tcp", HOSTS["open1"], UNDECLARED, "closed1") == ["open1", HOSTS["closed1"]]
    assert place.lab.scan("operator", "tcp", ENTRY) <= {22, 443}


def test_the_death_of_the_gateway_is_survived_by_the_pair_and_by_the_service(place: Gateways) -> None:
    seconds = place.pause(lambda: place.in_router("ip", "link", "set", "h-gate1", "down"))
    print(f"cable of gate1 pulled: the pair answers again after {seconds:.0f} s")
    place.goes_through("gate2", SWITCHED)
    place.all_ping(["open1", "gate2", "inner1", "closed1"])
    programs.expect(place.lab, "operator", SERVED)
    place.in_router("ip", "link", "set", "h-gate1", "up")


def test_nothing_is_left_of_it_on_any_host(place: Gateways) -> None:
    place.lab.destroy()
    gone = " && ".join(
        f"test ! -e {path}" for path in ("/etc/wireguard", "/etc/stretched", "/run/stretched", "/sys/class/net/wg0")
    )
    for told in place.lab.everywhere(HOSTS, f"{gone}; nft list tables; ls /etc/systemd/system").values():
        assert "stretched" not in told
