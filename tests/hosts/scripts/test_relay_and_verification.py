"""Hosts that others reach each other through, and how a pair that fails is told. Services and packets are stubs here."""

import os
import subprocess
from pathlib import Path

import pytest

from components.model.files.wireguard import RELAY
from tests.hosts.scripts.relay_conf import CONF
from tests.hosts.scripts.stubs import SOURCED, sh, stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The scripts as they lie on a host, with the configuration."""
    directory = tmp_path / "node"
    directory.mkdir()
    for file in NODE.iterdir():
        (directory / file.name).write_bytes(file.read_bytes())
    (directory / "wg0.public.conf").write_text(CONF, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    stub(tmp_path / "bin", "uname", "echo a.example.org")
    return directory


def verify(here: Path, answering: list[str], handshake: int = 1) -> subprocess.CompletedProcess[str]:
    tests = " || ".join(f'[ "$6" = 192.168.0.{last} ]' for last in answering) or "false"
    stub(here.parent / "bin", "ping", tests)
    stub(here.parent / "bin", "wg", f"echo 'G\\t{handshake}'")
    return sh(here, f"sh {here}/verify.sh", STRETCHED_PATIENCE="1")


def failed(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("pair failed")]


def test_every_node_is_verified_through_relays_too(here: Path) -> None:
    done = verify(here, ["2", "3", "4"])
    assert done.stdout == "verified: 1 peers answer over wg0, 2 nodes through relays\n", done.stderr
    assert done.returncode == 0


def test_pings_do_not_keep_step_with_those_of_other_hosts(here: Path) -> None:
    """Two hosts whose pings do would have every handshake of theirs collide."""
    stub(here.parent / "bin", "sleep", f'echo "$1" >>{here.parent}/pauses; exec /bin/sleep 0.01')
    pauses: list[float] = []
    for _ in range(20):  # on a busy machine there is time for few pauses in one of them
        verify(here, [])
        pauses = [float(line) for line in (here.parent / "pauses").read_text(encoding="utf-8").split()]
        if len(pauses) > 5:
            break
    assert len(pauses) > 5
    assert len(set(pauses)) > len(pauses) / 2, "of about a thousand values, seldom the same"
    assert min(pauses) >= 0.2
    assert max(pauses) <= 1.2


def test_a_failing_pair_is_named_with_its_path_and_the_hop_where_it_ends(here: Path) -> None:
    done = verify(here, ["2", "3"])
    assert done.returncode == 1
    assert failed(done) == [
        "pair failed: a.example.org -> z.example.org (192.168.0.4) by g.example.org -> h.example.org -> z.example.org: "
        "h.example.org answers, z.example.org behind it does not: is it up, does it have a handshake with h.example.org "
        "(wg show wg0), and does h.example.org forward (systemctl status stretched-relay, another firewall there)?"
    ]
    assert "1 of 3 pairs failed" in done.stderr
    done = verify(here, ["2"])
    assert len(failed(done)) == 2
    assert all("g.example.org answers, h.example.org behind it does not" in line for line in failed(done))


def test_a_relay_without_handshake_is_the_cause_for_all_behind_it(here: Path) -> None:
    done = verify(here, [], handshake=0)
    first, *behind = failed(done)
    assert "g.example.org (192.168.0.2): no handshake: is UDP 51820 open to 192.0.2.2" in first
    assert len(behind) == 2
    assert all(line.endswith("g.example.org, the first hop, does not answer either") for line in behind)


def test_clients_are_not_waited_for(here: Path) -> None:
    client = "\n[Peer]\n# client: ada\nPublicKey = A\nAllowedIPs = 192.168.0.200/32\n"
    conf = CONF.replace(", 192.168.0.4/32", ", 192.168.0.4/32, 192.168.0.128/26") + client
    (here / "wg0.public.conf").write_text(conf, encoding="utf-8")
    done = verify(here, ["2", "3", "4"])
    assert done.stdout == "verified: 1 peers answer over wg0, 2 nodes through relays\n", done.stderr
    (here / "wg0.public.conf").write_text(conf.replace("# client: ada", "# ada"), encoding="utf-8")
    assert "-> ada (192.168.0.200): no handshake" in verify(here, ["2", "3", "4"]).stderr


@pytest.fixture
def relay(here: Path) -> Path:
    """The same host with systemctl and nft as stubs that note their words."""
    (here.parent / "units").mkdir()
    for name in ("systemctl", "nft"):
        stub(here.parent / "bin", name, f'echo "{name} $*" >>{here.parent}/ran')
    return here


def run(relay: Path, words: str) -> list[str]:
    (relay.parent / "ran").write_text("", encoding="utf-8")
    done = sh(
        relay,
        SOURCED.format(here=relay, words=words),
        STRETCHED_UNITS=str(relay.parent / "units"),
        STRETCHED_ETC=str(relay.parent / "etc"),
    )
    assert done.returncode == 0, done.stderr
    return (relay.parent / "ran").read_text(encoding="utf-8").splitlines()


def test_a_relay_forwards_and_stops_forwarding_and_nothing_is_left(relay: Path) -> None:
    place = relay.parent
    ran = run(relay, "relay_on")
    assert ran[-2:] == ["systemctl enable --quiet stretched-relay.service", "systemctl restart stretched-relay.service"]
    rules = (place / "etc/relay.nft").read_text(encoding="utf-8")
    assert rules.startswith("define mesh = 192.168.0.1/24\n")
    assert (place / "units/stretched-relay.service").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in (place / "etc").iterdir()) == ["relay.nft", "tables.sh"]
    assert "systemctl disable --quiet --now stretched-relay.service" in run(relay, "relay_off")
    assert not (place / "etc").exists()
    assert not list((place / "units").iterdir())
    assert run(relay, "relay_off") == []


def test_who_is_no_relay_is_not_made_one(relay: Path) -> None:
    assert sh(relay, SOURCED.format(here=relay, words="is_relay")).returncode == 0
    (relay / "wg0.public.conf").write_text(CONF.replace(RELAY + "\n", ""), encoding="utf-8")
    assert sh(relay, SOURCED.format(here=relay, words="is_relay")).returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="nft looks at rules with root's rights only")
def test_the_kernel_takes_the_rules(relay: Path) -> None:
    run(relay, "relay_on")
    done = subprocess.run(
        ["unshare", "--net", "nft", "--check", "--file", str(relay.parent / "etc/relay.nft")],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
