"""Pods across two sites whose hosts have firewalld and ufw switched on, where no section `firewall` is declared.

Pods are devices and namespaces as Calico makes them, with VXLAN over wg0. The tests run in the file's order on one lab,
`lab/topologies/firewalls.yaml`; the program is tests/lab/mesh.
"""

import os
from collections.abc import Iterator

import pytest

from tests.lab.mesh_lab import IN_A_LAB, MeshLab
from tests.lab.place import wait_for, wait_until
from tests.support.examples import TREE, changed, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

LAB = MeshLab(TREE / "lab/topologies/firewalls.yaml")
OUTSIDE = {"el1": "192.0.2.11", "ubuntu1": "198.51.100.11"}
WG0 = {"el1": "192.168.7.1", "ubuntu1": "192.168.7.2"}
PODS = {"el1": "10.233.64.2", "ubuntu1": "10.233.65.2"}
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
API, WEB = 6443, 8080
# NetworkManager leaves these devices alone, by the file that Kubespray writes.
POD = f"""
if [ -d /etc/NetworkManager ]; then
    printf '[keyfile]\\nunmanaged-devices+=interface-name:cali*;interface-name:vxlan.calico\\n' >/etc/NetworkManager/conf.d/calico.conf
    nmcli general reload conf
fi
echo 1 >/proc/sys/net/ipv4/ip_forward
ip netns add pod
ip link add cali1 type veth peer name eth0 netns pod
ip address add {{net}}.1/24 dev cali1; ip link set cali1 up
ip -n pod address add {{net}}.2/24 dev eth0; ip -n pod link set lo up; ip -n pod link set eth0 up
ip -n pod route add default via {{net}}.1
ip link add vxlan.calico mtu 1300 type vxlan id 4096 local {{own}} remote {{other}} dstport 4789 dev wg0
ip address add 10.233.127.{{number}}/24 dev vxlan.calico; ip link set vxlan.calico up
ip route add {{there}}.0/24 via 10.233.127.{{peer}} dev vxlan.calico
systemd-run -q --unit=pod --collect ip netns exec pod /usr/bin/python3 -m http.server {WEB}
systemd-run -q --unit=api --collect /usr/bin/python3 -m http.server {API}
"""
ASK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
SETTINGS = {
    "el1": "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
    "ubuntu1": "LC_ALL=C ufw show added",
}


def succeeds(host: str, script: str) -> bool:
    return LAB.lab("exec", host, "--", "sh", "-c", script, check=False).returncode == 0


def reaches(host: str, address: str, port: int) -> bool:
    """Tell whether a host's pod gets a TCP connection."""
    return succeeds(host, f"ip netns exec pod /usr/bin/python3 -c '{ASK}' {address} {port}")


def all_reach() -> bool:
    """Tell whether each pod reaches the other one, and the API of its own host."""
    return all(reaches(host, PODS[other], WEB) and reaches(host, WG0[host], API) for host, other in
               (("el1", "ubuntu1"), ("ubuntu1", "el1")))  # fmt: skip


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


def test_pods_talk_across_sites_and_are_shut_from_outside(stack: MeshLab, before: dict[str, str]) -> None:
    assert "wg0" not in "".join(before.values())
    stack.up()
    for number, (host, other) in enumerate((("el1", "ubuntu1"), ("ubuntu1", "el1")), 1):
        net, there = (PODS[name].rpartition(".")[0] for name in (host, other))
        LAB.sh(host, POD.format(net=net, there=there, own=WG0[host], other=WG0[other], number=number, peer=3 - number))
    wait_until(all_reach, 60, "pods reach each other, and the API of their hosts")
    for address in OUTSIDE.values():
        wait_for(lambda: LAB.scan("operator", "tcp", address, 22, API, WEB), {22}, 20, f"what is open at {address}")  # noqa: B023


def test_a_firewalld_that_lost_its_configuration_has_all_of_it_after_its_start(stack: MeshLab) -> None:
    stack.sh("el1", "rm -f /etc/firewalld/zones/*; systemctl restart firewalld")
    wait_until(all_reach, 120, "pods reach each other again")
    assert "51820/udp" in stack.sh("el1", "firewall-cmd --list-ports; firewall-cmd --permanent --list-ports")


def test_a_ufw_that_is_switched_on_later_has_all_of_it(stack: MeshLab) -> None:
    stack.sh("ubuntu1", "ufw --force reset >/dev/null; ufw allow OpenSSH; ufw --force enable")
    wait_until(all_reach, 120, "pods reach each other again")
    assert "ufw allow 51820/udp comment 'stretched'" in stack.sh("ubuntu1", "LC_ALL=C ufw show added")


def test_another_run_changes_nothing(stack: MeshLab) -> None:
    assert "unchanged" in (again := stack.up())
    assert "updated" not in again
    wait_until(all_reach, 60, "pods reach each other still")


def test_afterwards_both_firewalls_are_as_they_were(stack: MeshLab, before: dict[str, str]) -> None:
    stack.destroy()
    for host, script in SETTINGS.items():
        assert stack.sh(host, script) == before[host]
        assert "stretched" not in stack.sh(host, "find /etc/systemd/system /etc/stretched 2>/dev/null || :")
