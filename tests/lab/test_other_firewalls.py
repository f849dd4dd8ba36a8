"""Pods across two sites whose hosts have firewalld and ufw switched on, where no section `firewall` is declared.

Pods are those of tests/lab/pods.py: each reaches the other one, and the API server's port of both nodes. The tests run in the
file's order on one lab, `lab/topologies/firewalls.yaml`; the program is tests/lab/mesh.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.mesh_lab import IN_A_LAB, MeshLab
from tests.lab.place import wait_for, wait_until
from tests.lab.pods import NODE_TCP, POD_TCP, Pods
from tests.support.examples import TREE, changed, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

LAB = MeshLab(TREE / "lab/topologies/firewalls.yaml")
OUTSIDE = {"el1": "192.0.2.11", "ubuntu1": "198.51.100.11"}
WG0 = {"el1": "192.168.7.1", "ubuntu1": "192.168.7.2"}
SITES: dict[str, object] = {
    "red": {
        "institution": "north",
        "nodes": {
            "el1.lab.test": {"address": WG0["el1"], "endpoint": OUTSIDE["el1"], "roles": ["control-plane", "etcd"]}
        },
    },
    "orange": {
        "institution": "south",
        "nodes": {"ubuntu1.lab.test": {"address": WG0["ubuntu1"], "endpoint": OUTSIDE["ubuntu1"]}},
    },
}
SETTINGS = {
    "el1": "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
    "ubuntu1": "LC_ALL=C ufw show added",
}


def succeeds(host: str, script: str) -> bool:
    return LAB.lab("exec", host, "--", "sh", "-c", script, check=False).returncode == 0


@pytest.fixture(scope="module")
def pods(stack: MeshLab) -> Pods:
    return Pods(stack, WG0)


@pytest.fixture(scope="module")
def before(stack: MeshLab) -> dict[str, str]:
    """The settings of both firewalls before the first run."""
    return {host: stack.sh(host, script) for host, script in SETTINGS.items()}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        wait_until(lambda: succeeds("el1", "firewall-cmd --state"), 120, "firewalld runs")
        wait_until(lambda: succeeds("ubuntu1", "ufw status | grep -q 'Status: active'"), 120, "ufw is active")
        config = {**configuration(), "mesh": {"cidr": "192.168.7.0/24"}, "sites": SITES, "forKubernetes": True}
        config = changed("kubernetes/variables", IN_A_LAB, config)
        LAB.write(changed("firewall", {"enabled": False}, config), "el1.lab.test")
        yield LAB


def test_pods_talk_across_sites_and_are_shut_from_outside(stack: MeshLab, before: dict[str, str], pods: Pods) -> None:
    assert "wg0" not in "".join(before.values())
    stack.up()
    pods.lay()
    pods.expect_all_answers()
    for address in OUTSIDE.values():
        wait_for(
            lambda: LAB.scan("operator", "tcp", address, 22, NODE_TCP, POD_TCP),  # noqa: B023 - at once
            {22},
            20,
            f"what is open at {address}",
        )


def test_a_firewalld_that_lost_its_configuration_has_all_of_it_after_its_start(stack: MeshLab, pods: Pods) -> None:
    stack.sh("el1", "rm -f /etc/firewalld/zones/*; systemctl restart firewalld")
    pods.expect_all_answers()
    assert "51820/udp" in stack.sh("el1", "firewall-cmd --list-ports; firewall-cmd --permanent --list-ports")


def test_a_ufw_that_is_switched_on_later_has_all_of_it(stack: MeshLab, pods: Pods) -> None:
    stack.sh("ubuntu1", "ufw --force reset >/dev/null; ufw allow OpenSSH; ufw --force enable")
    pods.expect_all_answers()
    assert "ufw allow 51820/udp comment 'stretched'" in stack.sh("ubuntu1", "LC_ALL=C ufw show added")


def test_another_run_changes_nothing(stack: MeshLab, pods: Pods) -> None:
    assert "unchanged" in (again := stack.up())
    assert "updated" not in again
    pods.expect_all_answers()


def test_afterwards_both_firewalls_are_as_they_were(stack: MeshLab, before: dict[str, str]) -> None:
    stack.destroy()
    for host, script in SETTINGS.items():
        assert stack.sh(host, script) == before[host]
        assert "stretched" not in stack.sh(host, "find /etc/systemd/system /etc/stretched 2>/dev/null || :")
