"""A gateway dies on real hosts: its pairs go through the other one, and back when it is there again.

The tests run in the file's order on one lab, see tests/lab/gateways.py.
"""

import os
import re
from collections.abc import Iterator

import pytest

from tests.lab.gateways import BACK, HOSTS, SWITCHED, Gateways, gateways
from tests.lab.place import wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    with gateways(tmp_path_factory.mktemp("stack")) as made:
        yield made


def test_with_all_up_the_preferred_gateway_carries_and_the_other_is_ready(place: Gateways) -> None:
    place.up()
    place.all_ping(list(HOSTS))
    place.goes_through("gate1", BACK)
    for gate in ("gate1", "gate2"):
        assert place.sh(gate, "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "1"
    for name in HOSTS.keys() - {"open1"}:
        assert place.sh(name, "systemctl is-active stretched-watch") == "active"
    place.sh("open1", "test ! -e /etc/stretched && test ! -e /run/stretched")
    told = place.lab.pulumi("stack", "output", "readme", "--stack", place.lab.stack)
    assert "1 through gate2.lab.test" in told


def test_the_death_of_a_gateway_is_survived(place: Gateways) -> None:
    seconds = place.pause(lambda: place.in_router("ip", "link", "set", "h-gate1", "down"))
    print(f"cable of gate1 pulled: the pair answers again after {seconds:.0f} s")
    place.goes_through("gate2", SWITCHED)
    place.all_ping(["open1", "gate2", "inner1", "closed1"])
    assert "gateway gate1.lab.test (192.168.8.2): down" in place.sh("inner1", "sh /etc/stretched/watch.sh status")
    assert "gate1.lab.test (192.168.8.2) is down" in place.sh("closed1", "journalctl -q -o cat -u stretched-watch")
    assert place.sh("inner1", "grep -c 192.168.8.5/32 /etc/wireguard/wg0.conf") == "1", "the file stays as it was"


def test_what_an_up_does_meanwhile_leaves_the_saved_pair_alone(place: Gateways) -> None:
    current = "/var/lib/stretched-uploads/node/current"
    secrets = f"awk -f {current}/secrets_in_force.awk /etc/wireguard/wg0.conf"
    changes = (
        f"sed -i 's/^PersistentKeepalive = 25/PersistentKeepalive = 24/' {current}/wg0.public.conf; {secrets} | sh {current}/tunnel.sh grow",
        f"sh {current}/tunnel.sh prune",
        f"sed -i 's/^PersistentKeepalive = 24/PersistentKeepalive = 25/' {current}/wg0.public.conf; sh {current}/tunnel.sh prune",
        "systemctl restart stretched-watch",
    )
    # Whom inner1 sends to is looked at right after each change, before the watch looks again.
    look = "echo carries $(wg show wg0 allowed-ips | grep 192.168.8.5/32)"
    printed = place.sh("inner1", "".join(f"{change}; {look}\n" for change in changes))
    assert printed.count("wg0: 3 peers") == 2, printed
    carries = re.findall(r"^carries (\S+)", printed, re.MULTILINE)
    assert [place.keys.get(key) for key in carries] == ["gate2"] * len(changes), printed
    place.all_ping(["open1", "gate2", "inner1", "closed1"])
    place.goes_through("gate2", SWITCHED)
    told: list[str] = []

    def only_the_dead_one_fails() -> bool:
        told.append(place.sh("inner1", f"STRETCHED_PATIENCE=5 sh {current}/verify.sh", check=False))
        return "1 of 4 pairs failed" in told[-1]

    wait_until(only_the_dead_one_fails, 30, "all pairs answer but that with the dead gateway")
    assert "stretched-watch sees these gateways down and routes around them: gate1.lab.test" in told[-1]


def test_when_the_gateway_is_back_all_is_as_before(place: Gateways) -> None:
    place.in_router("ip", "link", "set", "h-gate1", "up")
    place.comes_back()
    assert "gate1.lab.test (192.168.8.2) is back" in place.sh("inner1", "journalctl -q -o cat -u stretched-watch")


def test_nothing_is_left_of_it_on_any_host(place: Gateways) -> None:
    place.lab.destroy()
    for name in HOSTS:
        place.sh(
            name,
            "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0 && test ! -e /run/stretched",
        )
        assert "stretched" not in place.sh(name, "nft list tables; ls /etc/systemd/system; ls -A /root")
