"""IPv4, IPv6, names that move, and a host behind a bastion. The mesh alone, on lab/topologies/addresses.yaml.

The tests run in the file's order on one lab; the program is tests/lab/mesh.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.mesh_lab import MeshLab, with_real_keys
from tests.lab.place import wait_until
from tests.support.examples import TREE, addresses, changed

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

HOSTS = {
    "dual": "192.168.8.1",
    "named": "192.168.8.2",
    "six": "192.168.8.3",
    "four": "192.168.8.4",
    "closed": "192.168.8.5",
}
NAME = "wg.named.test"
FOUR, SIX = "192.0.2.12", "2001:db8:1::12"
MOVED = "192.0.2.77"
PERIOD = 30
"""Seconds between two looks at names."""

ADMIN = """
useradd -m -s /bin/sh admin
install -d -m 700 -o admin -g admin /home/admin/.ssh
install -m 600 -o admin -g admin /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
printf 'Port 2222\\nPermitRootLogin no\\n' >/etc/ssh/sshd_config.d/lab.conf
systemctl restart ssh
"""
JUMP = """
useradd -m -s /usr/sbin/nologin jump
install -d -m 700 -o jump -g jump /home/jump/.ssh
install -m 600 -o jump -g jump /root/.ssh/authorized_keys /home/jump/.ssh/authorized_keys
"""


def declared() -> dict[str, object]:
    """The sites with the hosts' real keys, which stand in the lab's known_hosts."""
    return changed("sites/closed/ssh/bastion/hostKey", None, with_real_keys(addresses()))


def know(lab: MeshLab, host: str, *known: str) -> None:
    """Say on a host, in /etc/hosts, what the name stands for."""
    lines = "".join(f"{address} {NAME}\\n" for address in known)
    lab.sh(
        host,
        f"grep -v {NAME} /etc/hosts >/etc/hosts.new || :; printf '{lines}' >>/etc/hosts.new; cat /etc/hosts.new >/etc/hosts",
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with MeshLab(TREE / "lab/topologies/addresses.yaml").standing(tmp_path_factory.mktemp("stack") / "mesh") as made:
        made.sh("closed", ADMIN)
        made.sh("bastion", JUMP)
        for host in ("dual", "four", "closed", "six"):
            know(made, host, FOUR, SIX)
        made.write(declared(), "dual.lab.test")
        yield made


def endpoints(lab: MeshLab, host: str) -> dict[str, str]:
    """Where a host speaks to its peers, by the short names of these."""
    lines = lab.sh(host, "wg show wg0 allowed-ips; echo; wg show wg0 endpoints")
    first, second = lines.split("\n\n")
    names = {address: name for name, address in HOSTS.items()}
    keys = {line.split()[0]: names[line.split()[1].partition("/")[0]] for line in first.splitlines()}
    return {keys[line.split()[0]]: line.split()[1] for line in second.splitlines()}


def test_the_mesh_comes_up_over_both_families_and_through_the_bastion(lab: MeshLab) -> None:
    printed = lab.up()
    assert "verified: 3 peers answer over wg0, 1 nodes through relays" in printed
    assert "verified: 2 peers answer over wg0, 2 nodes through relays" in printed


def test_every_pair_pings_over_wg0(lab: MeshLab) -> None:
    for host in HOSTS:
        lab.reaches(host, *HOSTS.values())


def test_a_host_with_ipv6_only_has_nothing_else_outside_of_wg0(lab: MeshLab) -> None:
    assert re.findall(r"inet (\S+)", lab.sh("six", "ip -4 -o address")) == ["127.0.0.1/8", "192.168.8.3/24"]
    assert endpoints(lab, "six") == {"dual": "[2001:db8:1::11]:51820", "named": f"[{SIX}]:51820"}
    assert endpoints(lab, "four") == {
        "dual": "192.0.2.11:51820",
        "named": f"{FOUR}:51820",
        "closed": endpoints(lab, "four")["closed"],
    }
    assert endpoints(lab, "four")["closed"].startswith("203.0.113.9:")


def test_the_first_family_that_the_other_lists_is_spoken_between_hosts_with_both(lab: MeshLab) -> None:
    """Each writes down what it prefers; once they talk, WireGuard stays with where the last packet came from."""
    assert "Endpoint = [2001:db8:1::11]:51820" in lab.sh("named", "cat /etc/wireguard/wg0.conf")
    assert f"# resolve: {NAME} 51820 IPv4 IPv6" in lab.sh("dual", "cat /etc/wireguard/wg0.conf")


def test_hosts_without_a_family_in_common_go_through_the_gateway_with_both(lab: MeshLab) -> None:
    for host, through_dual in (("six", {"four", "closed"}), ("four", {"six"}), ("closed", {"six"})):
        rows = [set(line.split()[1:]) for line in lab.sh(host, "wg show wg0 allowed-ips").splitlines()]
        assert {f"{HOSTS[name]}/32" for name in {"dual", *through_dual}} in rows, host


def test_only_hosts_with_a_named_peer_look_up_names(lab: MeshLab) -> None:
    for host in ("dual", "six", "four", "closed"):
        peer = lab.sh(
            host, f"systemctl is-active -q stretched-resolve.timer; sed -n '/{NAME}/,/^$/p' /etc/wireguard/wg0.conf"
        )
        assert "AllowedIPs" in peer
        assert "Endpoint" not in peer
    lab.sh("named", "test ! -e /etc/systemd/system/stretched-resolve.timer && test ! -e /etc/stretched")


def test_a_second_run_changes_nothing(lab: MeshLab) -> None:
    assert re.search(r"Resources:\n +\d+ unchanged", lab.up())


@contextmanager
def silent(lab: MeshLab) -> Iterator[None]:
    """While it lasts the named host sends nothing: WireGuard's own roaming is not what is seen then."""
    lab.sh(
        "named",
        "nft 'add table inet test; add chain inet test out { type filter hook output priority 0; }; "
        "add rule inet test out udp sport 51820 drop'",
    )
    try:
        yield
    finally:
        lab.sh("named", "nft delete table inet test")


def test_a_name_that_moves_is_found_again_without_pulumi(lab: MeshLab) -> None:
    with silent(lab):
        lab.sh(
            "named",
            f"ip address del {FOUR}/24 dev eth0; ip address add {MOVED}/24 dev eth0; ip route add default via 192.0.2.1",
        )
        assert endpoints(lab, "four")["named"] == f"{FOUR}:51820"
        started = time.monotonic()
        for host in ("dual", "four", "closed"):
            know(lab, host, MOVED, SIX)
        for host in ("four", "closed"):
            wait_until(lambda: endpoints(lab, host)["named"] == f"{MOVED}:51820", PERIOD + 15, f"{host} follows")  # noqa: B023
        print(f"found again after {time.monotonic() - started:.0f} s")
    for host in ("four", "closed"):
        lab.reaches(host, HOSTS["named"])
    journal = lab.sh("four", "journalctl -o cat -u stretched-resolve")
    assert f"endpoint {MOVED}:51820, before {FOUR}:51820" in journal


def test_looking_up_writes_nothing_to_the_journal_when_nothing_changes(lab: MeshLab) -> None:
    count = "journalctl -q -o cat -u stretched-resolve.service | wc -l"
    before = lab.sh("dual", count)
    lab.sh("dual", "systemctl start stretched-resolve.service")
    assert lab.sh("dual", count) == before


def boots(lab: MeshLab, host: str) -> int:
    return int(json.loads((lab.layout.host(host) / "run.json").read_text(encoding="utf-8"))["boots"])


def test_a_name_that_cannot_be_resolved_at_boot_does_not_keep_wg0_down(lab: MeshLab) -> None:
    know(lab, "closed")
    before = boots(lab, "closed")
    with silent(lab):
        lab.lab("exec", "closed", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself
        wait_until(lambda: boots(lab, "closed") > before, 120, "boot")
        wait_until(lambda: lab.pings("closed", HOSTS["dual"]), 90, "closed is in the mesh again")
        assert endpoints(lab, "closed")["named"] == "(none)"
        know(lab, "closed", MOVED)
        wait_until(lambda: endpoints(lab, "closed")["named"] == f"{MOVED}:51820", PERIOD + 15, "the name is known")
    lab.reaches("closed", HOSTS["named"])


def test_the_host_behind_the_bastion_was_changed_by_sudo(lab: MeshLab) -> None:
    lab.sh("closed", "test -d /home/admin/.stretched/nodes && test ! -e /root/.stretched")
    assert lab.sh("closed", "grep -c stretched-deployer /home/admin/.ssh/authorized_keys") == "1"


def test_a_bastion_and_a_host_that_do_not_answer_are_told_apart(lab: MeshLab) -> None:
    """Another address of the mesh is a reason to ask hosts again; no host is changed when one does not answer."""
    config = changed("sites/closed/nodes/closed.lab.test/address", "192.168.8.55", declared())

    def told(config: dict[str, object]) -> str:
        lab.write(config, "dual.lab.test")
        words = ("run", "pulumi", "up", "--yes", "--skip-preview", "--stack", lab.stack, "--non-interactive")
        done = lab.lab(*words, cwd=lab.directory, check=False)
        assert done.returncode != 0
        return done.stdout

    before = lab.sh("dual", "sha256sum /etc/wireguard/wg0.conf")
    key = lab.sh("bastion", "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")
    closed = {"host": "203.0.113.9", "port": 2023, "user": "jump", "hostKey": key}
    bastion = told(changed("sites/closed/ssh/bastion", closed, config))
    assert "closed.lab.test: the bastion 203.0.113.9 (port 2023, user jump) cannot be used" in bastion
    host = told(changed("sites/closed/nodes/closed.lab.test/ssh/port", 2299, config))
    assert (
        "closed.lab.test: the bastion 203.0.113.9 (port 2022, user jump) answers, but cannot connect to 10.4.0.11 (port 2299, user admin)"
        in host
    )
    assert lab.sh("dual", "sha256sum /etc/wireguard/wg0.conf") == before


def test_without_a_name_nothing_is_looked_up_any_more(lab: MeshLab) -> None:
    lab.write(
        changed("sites/both/nodes/named.lab.test/endpoint", [f"{MOVED}:51820", f"[{SIX}]:51820"], declared()),
        "dual.lab.test",
    )
    lab.up()
    for host in ("dual", "six", "four", "closed"):
        lab.sh(
            host,
            "test ! -e /etc/systemd/system/stretched-resolve.timer && test ! -e /etc/stretched/resolve.sh && test ! -e /run/stretched",
        )
        lab.reaches(host, HOSTS["named"])


def test_nothing_is_left_of_it_on_any_host(lab: MeshLab) -> None:
    lab.write(declared(), "dual.lab.test")
    lab.up()
    lab.sh("dual", "systemctl is-active stretched-resolve.timer")
    lab.destroy()
    for name in HOSTS:
        lab.sh(
            name,
            "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /run/stretched && test ! -e /sys/class/net/wg0",
        )
        assert "stretched" not in lab.sh(
            name, "nft list tables; ls /etc/systemd/system; ls -A /root; ls -A /home/* || :"
        )
