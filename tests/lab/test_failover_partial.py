"""A gateway that is cut off on one side, both gateways, and one that is restarted: both ends do the same.

The tests run in the file's order on one lab, see tests/lab/gateways.py.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.gateways import BACK, HOSTS, SWITCHED, Gateways, gateways, twogates
from tests.lab.place import wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    with gateways(tmp_path_factory.mktemp("stack")) as made:
        made.up()
        # test_failover.py waits as long as it takes.
        sooner = (
            "mkdir -p $0; printf '[Service]\\nEnvironment=STRETCHED_STEADY=10\\n' >$0/t.conf; systemctl daemon-reload"
        )
        for name in ("gate1", "gate2", "inner1", "closed1"):
            place = "/etc/systemd/system/stretched-watch.service.d"
            made.sh(name, sooner.replace("$0", place) + "; systemctl restart stretched-watch")
        yield made


CUT = (
    "add table inet cut; add chain inet cut f {{ type filter hook forward priority -5; }}; add rule inet cut f {} drop"
)


def test_a_gateway_whose_wan_side_dies_says_so_to_its_site(place: Gateways) -> None:
    seconds = place.pause(
        lambda: place.in_router(
            "nft", CUT.format("ip saddr 10.1.0.11") + "; add rule inet cut f ip daddr 10.1.0.11 drop"
        ),
    )
    print(f"gate1 cut off from the WAN: the pair answers again after {seconds:.0f} s")
    place.lab.reaches("inner1", HOSTS["gate1"])  # its LAN side is alive
    place.goes_through("gate2", SWITCHED)
    assert "has put itself out of service" in place.sh("inner1", "journalctl -q -o cat -u stretched-watch")
    place.all_ping(["open1", "gate2", "inner1", "closed1"])
    place.in_router("nft", "delete table inet cut")
    place.comes_back()


def test_a_gateway_that_is_restarted_is_left_and_taken_again_by_both_ends(place: Gateways) -> None:
    place.lab.lab("exec", "gate1", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself
    place.goes_through("gate2", SWITCHED)
    place.comes_back()


def test_with_both_gateways_down_both_ends_keep_to_the_normal_way(place: Gateways) -> None:
    place.in_router("nft", CUT.format("ip saddr { 10.1.0.11, 10.1.0.12 }"))
    try:
        wait_until(lambda: place.down("inner1") == 2, SWITCHED, "inner1 knows of both")
        wait_until(lambda: place.down("closed1") == 2, SWITCHED, "closed1 knows of both")
        place.goes_through("gate1", 10)  # the normal way
    finally:
        place.in_router("nft", "delete table inet cut")
    wait_until(lambda: place.pings("inner1", HOSTS["closed1"]), 30, "the pair answers again")
    place.goes_through("gate1", BACK)


def test_without_a_second_gateway_there_is_no_watch_any_more(place: Gateways) -> None:
    config = twogates()
    sites = config["sites"]
    assert isinstance(sites, dict)
    sites["twogates"].update(gateway="gate1.lab.test", endpoint="203.0.113.8:4500")
    place.lab.write(config, "open1.lab.test")
    place.up()
    for name in HOSTS:
        place.sh(name, "test ! -e /etc/systemd/system/stretched-watch.service && test ! -e /run/stretched")
        assert "stretched-watch" not in place.sh(name, "systemctl list-units --all --no-legend")
    assert place.sh("gate2", "cat /proc/sys/net/ipv4/conf/wg0/forwarding") == "0"
    place.all_ping(list(HOSTS))
