"""What grow makes of wg0's addresses, routes, MTU and port. These are the kernel's; WireGuard is a stub."""

from pathlib import Path

import pytest

from tests.hosts.scripts.small_host import NEEDS_ROOT, SmallHost

pytestmark = NEEDS_ROOT
CONF = """\
[Interface]
# a.example.org
Address = {address}
ListenPort = {port}
MTU = 1400

[Peer]
# b.example.org
PublicKey = B
AllowedIPs = 192.168.0.2/32
Endpoint = 192.0.2.2:51820
"""
OLD, NEW = "192.168.0.10/24", "192.168.0.20/24"
SHOWN = """\
ip -o -4 address show dev wg0 | awk '{ print $4 }'
ip route show dev wg0 | sed 's/ *$//'
cat /sys/class/net/wg0/mtu
wg show wg0 listen-port
awk '$1 == "Address" { print "file", $3 }' /etc/wireguard/wg0.conf"""
NO_PROMOTION = "echo 0 | tee /proc/sys/net/ipv4/conf/*/promote_secondaries >/dev/null"
ROUTE_OF_ANOTHER = "ip route add 10.9.0.0/16 via 192.168.0.2 dev wg0"


def shown(address: str, *routes: str, port: int = 51820) -> list[str]:
    """Return what SHOWN prints if everything is as it was declared."""
    own = f"192.168.0.0/24 proto kernel scope link src {address.partition('/')[0]}"
    return [address, *routes, own, "1400", str(port), f"file {address}"]


@pytest.fixture
def host(tmp_path: Path) -> SmallHost:
    return SmallHost(tmp_path)


def grow(host: SmallHost, *steps: str, address: str = NEW, port: int = 51820) -> tuple[int, list[str], str]:
    """Grow with the old address, run these steps, grow again; return the status, what SHOWN prints, and what was said."""
    grows = []
    for name, one, number in (("old", OLD, 51820), ("new", address, port)):
        files = {"wg0.public.conf": CONF.format(address=one, port=number), "failover.conf": ""}
        grows.append(f"printf 'private P\\n' | sh {host.bundle('node', name, files, 'node')}/tunnel.sh grow")
    done = host.run(
        "\n".join(
            ["set -e", grows[0], *steps, "set +e", f"{grows[1]}; echo status $?", SHOWN, f"ls -A {host.disk}/wireguard"]
        )
    )
    assert "status " in done.stdout, done.stdout + done.stderr
    status, *lines = done.stdout.partition("status ")[2].splitlines()
    assert lines[-1] == "wg0.conf", "nothing else is left beside it, which would have keys"
    return int(status), lines[:-1], done.stderr


def test_a_changed_address_keeps_all_routes_over_wg0(host: SmallHost) -> None:
    """Where promote_secondaries is 0, as on Debian 12, the kernel would remove the new address together with the old one."""
    status, lines, said = grow(host, NO_PROMOTION, ROUTE_OF_ANOTHER)
    assert status == 0, said
    assert lines == shown(NEW, "10.9.0.0/16 via 192.168.0.2")


def test_a_changed_address_is_there_where_sysctls_cannot_be_written(host: SmallHost) -> None:
    status, lines, said = grow(
        host, NO_PROMOTION, "mount --bind /proc/sys /proc/sys", "mount -o remount,bind,ro /proc/sys"
    )
    assert status == 0, said
    assert lines == shown(NEW)


def test_an_address_in_another_mesh_takes_the_place_of_the_old_one(host: SmallHost) -> None:
    status, lines, said = grow(host, NO_PROMOTION, address="10.77.0.1/16")
    assert status == 0, said
    assert lines[:2] == ["10.77.0.1/16", "10.77.0.0/16 proto kernel scope link src 10.77.0.1"]


@pytest.mark.parametrize(
    "by_hand",
    [
        "ip address flush dev wg0",
        "ip address add 192.168.0.99/24 dev wg0",
        "ip link set wg0 mtu 1280",
        "ip link set wg0 down",
        "sed -i s/51820/51821/ {place}/live",
    ],
)
def test_what_was_changed_by_hand_is_noticed_although_the_file_is_the_same(host: SmallHost, by_hand: str) -> None:
    status, lines, said = grow(host, by_hand.format(place=host.place), address=OLD)
    assert status == 0, said
    assert lines == shown(OLD)


@pytest.mark.parametrize(
    "by_hand",
    [
        "s/^Address = .*/Address=192.168.0.66\\/24, 2001:db8::1\\/64/",
        "s/^MTU.*//",
        "s/^\\[Interface\\]/&\\nTable = off/",
    ],
)
def test_a_file_that_was_changed_by_hand_is_written_again(host: SmallHost, by_hand: str) -> None:
    status, lines, said = grow(host, NO_PROMOTION, f"sed -i '{by_hand}' /etc/wireguard/wg0.conf")
    assert status == 0, said
    assert lines == shown(NEW)


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (
            "bin/ip",
            '#!/bin/sh\ncase $* in *replace*0.20*) ;; *) exec /sbin/ip "$@" ;; esac\n',
            "addresses: none, not 192.168.0.20/24",
        ),
        (
            "bin/ip",
            '#!/bin/sh\ncase $* in *show*0.20) ;; *) exec /sbin/ip "$@" ;; esac\n',
            "there is no route to the network",
        ),
        ("altered", "s/51821/51820/\n", "port: 51820, not 51821"),
        ("refused", "51821\n", ""),
    ],
    ids=["address", "route", "port", "refused"],
)
def test_a_change_that_does_not_take_effect_is_rolled_back(host: SmallHost, file: str, text: str, named: str) -> None:
    """An address, a route or a port that wg0 does not have after the change; a configuration that WireGuard refuses."""
    (host.place / file).write_text(text, encoding="utf-8")
    (host.place / "bin/ip").touch()
    (host.place / "bin/ip").chmod(0o755 if file == "bin/ip" else 0o644)
    status, lines, said = grow(host, port=51821)
    assert status == 1
    assert lines == shown(OLD)
    assert named in said
    assert "the previous one is in force again" in said


def test_prune_refuses_a_file_whose_key_is_not_readable_any_more(host: SmallHost) -> None:
    node = host.bundle(
        "node", "new", {"wg0.public.conf": CONF.format(address=OLD, port=51820), "failover.conf": ""}, "node"
    )
    done = host.run(
        f"printf 'private P\\n' | sh {node}/tunnel.sh grow; sed -i 's/^PrivateKey = /PrivateKey=/' /etc/wireguard/wg0.conf\n"
        f"sh {node}/tunnel.sh prune; echo status $?; cat {host.place}/live"
    )
    assert "status 1\n" in done.stdout
    assert "PrivateKey = P\n" in done.stdout, "the running configuration was not changed"
    assert "has no private key in the form in which it was written" in done.stderr
