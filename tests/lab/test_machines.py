"""Machines with a kernel of their own, emulated, one of them like EL9 with SELinux in force, in one mesh with containers.

WireGuard is the kernel's there. Everything is slow on them, as it is on small and busy hosts of the field. The tests run in
the file's order on one lab, see tests/lab/machines.py.
"""

import json
import os
import re
from collections.abc import Iterator
from itertools import combinations

import pytest

from tests.lab import programs
from tests.lab.machines import (
    LAB,
    MACHINES,
    OWN,
    PATIENCE,
    PROGRAM,
    SHARED,
    WG0,
    cable,
    declared,
    every_pair_answers,
    rebooted,
    relay_of,
)
from tests.lab.place import wait_until
from tests.lab.pods import Pods

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
    pytest.mark.usefixtures("stack"),
]

LEFT = "/etc/wireguard /etc/stretched /run/stretched /sys/class/net/wg0 /var/lib/stretched /var/lib/stretched-uploads"
OURS = "/etc /root /usr/local /var/lib/stretched /var/lib/stretched-uploads"
WRONG_LABELS = f"for it in {OURS}; do [ ! -e $it ] || restorecon -n -v -r $it 2>&1; done"


DENIALS = "ausearch -m avc,user_avc,selinux_err || :; dmesg | grep -F avc: || :"


def wrong_labels() -> set[str]:
    """Return what `restorecon` would change on the host with SELinux."""
    return set(LAB.sh("strict", WRONG_LABELS).splitlines())


def denials() -> set[str]:
    """Return what SELinux has denied since the boot, and whom; not systemd, which is the host's own business."""
    lines = [line for line in LAB.sh("strict", DENIALS).splitlines() if "avc:" in line or "SELINUX_ERR" in line]
    who = [re.search(r'(denied.*}) .*comm="([^"]*)".* (scontext=.*)', line) for line in lines]
    named = {" ".join(found.groups()) if found else line for found, line in zip(who, lines, strict=True)}
    return {each for each in named if "} systemd" not in each}


@pytest.fixture(scope="module")
def before() -> dict[str, set[str]]:
    """What the host with SELinux was like before we came."""
    return {}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, before: dict[str, set[str]]) -> Iterator[None]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        assert LAB.sh("strict", "systemctl is-active auditd") == "active"
        before.update(labels=wrong_labels(), denials=denials())
        print("before we come:", before)
        LAB.write(declared(), "own.lab.test")
        yield


def test_the_hosts_have_kernels_of_their_own_and_one_has_selinux_in_force() -> None:
    kernels = LAB.everywhere(WG0, "uname -r")
    assert kernels["shared"] == kernels["closed"] != kernels["own"] == kernels["strict"]
    assert LAB.sh("strict", "getenforce; id -Z").split() == [
        "Enforcing",
        "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023",
    ]
    assert LAB.everywhere(MACHINES, "stat -f -c %T /sys/fs/cgroup") == dict.fromkeys(MACHINES, "cgroup2fs")


def test_every_pair_talks_by_the_kernel_s_wireguard_and_one_through_a_gateway() -> None:
    printed = LAB.up()
    assert "not all paths could be measured" not in printed, printed
    every_pair_answers(WG0)
    assert relay_of("strict", "closed") == "own"
    assert relay_of("closed", "strict") == "own"
    kinds = LAB.everywhere(WG0, "ip -o -d link show dev wg0 | grep -c ' wireguard ' || :")
    assert {host for host, count in kinds.items() if count == "1"} >= set(MACHINES)


def test_the_paths_between_slow_hosts_are_measured() -> None:
    links = json.loads(LAB.pulumi("stack", "output", "links", "--json", "--stack", LAB.stack))
    found = {frozenset(link["between"]): link for link in links}
    assert set(found) == {frozenset(pair) for pair in combinations(("open", "strict", "closed"), 2)}
    for sites, link in found.items():
        assert link["kind"] == ("direct" if "open" in sites else "relay"), link
        assert link["latencyMs"] >= 4, link
        assert min(link["throughputMbps"], link["throughputBackMbps"]) > 0, link


def served_at(address: str) -> bool:
    """Tell whether both services of `strict` answer at a public host."""
    return all(
        programs.who(LAB, protocol, address, port)[:1] == ["strict"] for protocol, port in (("tcp", 443), ("udp", 5353))
    )


def test_services_of_the_host_with_selinux_are_reached_through_both_public_hosts() -> None:
    programs.start(LAB, "strict", PROGRAM)
    for address in (OWN, SHARED):
        wait_until(lambda: served_at(address), PATIENCE, f"served at {address}")  # noqa: B023 - at once


def test_another_run_changes_nothing() -> None:
    printed = LAB.up()
    assert not any(word in printed for word in ("created", "updated", "deleted", "replaced")), printed


def test_a_reboot_brings_every_pair_and_service_back() -> None:
    for host in MACHINES:
        rebooted(host)
    every_pair_answers(WG0)
    programs.start(LAB, "strict", PROGRAM)
    for address in (OWN, SHARED):
        wait_until(lambda: served_at(address), PATIENCE, f"served at {address}")  # noqa: B023 - at once
    wait_until(lambda: relay_of("strict", "closed") == "own", PATIENCE, "the preferred gateway carries again")


def test_the_death_of_a_machine_that_is_the_gateway_is_survived() -> None:
    cable("own", "down")
    try:
        wait_until(lambda: relay_of("strict", "closed") == "shared", PATIENCE, "strict sends through the other one")
        wait_until(lambda: relay_of("closed", "strict") == "shared", PATIENCE, "closed, too")
        every_pair_answers(WG0.keys() - {"own"})
        wait_until(lambda: served_at(SHARED), PATIENCE, "the other entry serves")
    finally:
        cable("own", "up")
    wait_until(lambda: relay_of("strict", "closed") == "own", PATIENCE, "the preferred gateway carries again")
    every_pair_answers(WG0)


def test_selinux_denies_us_nothing_and_each_of_our_files_has_its_label(before: dict[str, set[str]]) -> None:
    assert denials() - before["denials"] == set()
    assert wrong_labels() - before["labels"] == set()


def test_pods_reach_each_other_and_the_nodes_through_every_firewall() -> None:
    pods = Pods(LAB, {host: WG0[host] for host in ("own", "strict", "closed")})
    pods.lay()
    pods.expect_all_answers()
    pods.remove()


def test_nothing_is_left_of_it_on_any_host() -> None:
    LAB.destroy()
    script = (
        f"for it in {LEFT}; do test ! -e $it; done; nft list tables; ls /etc/systemd/system; ls -A /root; ip -4 route"
    )
    for host, left in LAB.everywhere(WG0, script).items():
        assert "stretched" not in left, host
        assert "192.168.9." not in left, host
