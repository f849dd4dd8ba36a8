"""A host's side of the mesh when things go wrong: a pair that cannot talk, a configuration that is refused."""

from collections.abc import Iterator

import pytest

from tests.lab.place import lab, on, wait_for, wait_until

HOST = "uvic001.hl-lhc.io"
PEER = "192.168.0.3"
VERIFY = "STRETCHED_PATIENCE={} sh /var/lib/stretched-uploads/node/current/verify.sh"

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("cluster")]


@pytest.fixture
def silenced() -> Iterator[None]:
    """UDP between this host and one peer is dropped, and wg0 is fresh: it has had no handshake yet."""
    rules = "add table inet test; add chain inet test out { type filter hook output priority 0; }; add rule inet test out ip daddr 192.0.2.3 udp dport 51820 drop"
    on(HOST, "nft", rules)
    on(HOST, "systemctl", "restart", "wg-quick@wg0")
    yield
    on(HOST, "nft", "delete table inet test")
    wait_until(
        lambda: lab("exec", HOST, "--", "ping", "-q", "-c", "1", "-W", "2", PEER, check=False).returncode == 0,
        60,
        f"{PEER} answers",
    )


@pytest.mark.usefixtures("silenced")
def test_a_pair_that_cannot_talk_is_named_with_the_likely_cause() -> None:
    def failed() -> tuple[list[str], bool]:
        told = lab("exec", HOST, "--", "sh", "-c", VERIFY.format(10), check=False).stdout
        return [line for line in told.splitlines() if line.startswith("pair failed")], "1 of 6 pairs failed" in told

    why = f"pair failed: {HOST} -> uchicago003.hl-lhc.io ({PEER}): no handshake: is UDP 51820 open to 192.0.2.3, and from this host outwards?"
    wait_for(failed, ([why], True), 30, "this pair fails, and no other")


def test_all_pairs_are_verified_again_when_nothing_is_in_the_way() -> None:
    assert "verified: 6 peers answer over wg0" in on(HOST, "sh", "-c", VERIFY.format(600))


GROW_BROKEN = r"""
set -eu
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cp -r /var/lib/stretched-uploads/node/current/* "$dir"
sed -i '0,/^PublicKey = ./s//PublicKey = !/' "$dir/wg0.public.conf"
awk '$1 == "PrivateKey" { print "private", $3 }' /etc/wireguard/wg0.conf | sh "$dir/tunnel.sh" grow
"""


def test_a_refused_configuration_is_taken_back_and_no_tunnel_notices() -> None:
    before = on(
        HOST,
        "sh",
        "-c",
        "sha256sum /etc/wireguard/wg0.conf; cat /sys/class/net/wg0/ifindex; wg show wg0 allowed-ips | sort",
    )
    done = lab("exec", HOST, "--", "sh", "-c", GROW_BROKEN, check=False)
    assert done.returncode != 0
    assert "the new wg0 configuration was refused (see above); the previous one is in force again" in done.stdout
    after = on(
        HOST,
        "sh",
        "-c",
        "sha256sum /etc/wireguard/wg0.conf; cat /sys/class/net/wg0/ifindex; wg show wg0 allowed-ips | sort",
    )
    assert after == before
    assert on(HOST, "sh", "-c", "ls -A /etc/wireguard").split() == ["wg0.conf"]


def test_grow_may_be_repeated_and_then_changes_nothing() -> None:
    repeat = 'awk \'$1 == "PrivateKey" { print "private", $3 } $1 == "AllowedIPs" { a = $3 } $1 == "PresharedKey" { print "psk", a, $3 }\' /etc/wireguard/wg0.conf | sh /var/lib/stretched-uploads/node/current/tunnel.sh grow'
    assert on(HOST, "sh", "-c", repeat).strip() == "wg0: nothing to change"
