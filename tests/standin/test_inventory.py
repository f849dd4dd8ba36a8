import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.standin.inventory import Inventory
from tests.support.ansible_core import Ansible, virtual_environment

FIRST, SECOND = "uchicago002.hl-lhc.io", "uchicago003.hl-lhc.io"
BOILERPLATE = "playbooks/boilerplate.yml"

Change = Callable[[Inventory], object]


def variable(name: str, value: object) -> Change:
    return lambda inventory: inventory.variables.update({name: value})


def host(name: str, value: object) -> Change:
    return lambda inventory: inventory.hosts[FIRST].update({name: value})


def group(name: str, members: list[str]) -> Change:
    return lambda inventory: inventory.groups.update({name: members})


def renamed(inventory: Inventory) -> None:
    inventory.hosts["UVIC001"] = inventory.hosts.pop("uvic001.hl-lhc.io")
    inventory.groups["kube_node"] = ["UVIC001"]


BAD: list[tuple[Change, str]] = [
    (group("kube_control_plane", []), "group kube_control_plane is empty"),
    (group("etcd", []), "group etcd is empty"),
    (group("etcd", [FIRST, SECOND]), "group etcd has 2 members: it needs an odd number"),
    (group("etcd", [FIRST]), "the stand-in stacks etcd on the control plane"),
    (variable("kube_version", "v1.35.4"), "without a leading v"),
    (variable("kube_version", 1.35), "it must be a string"),
    (variable("kube_version", "1.32.9"), "older than 1.33.0"),
    (variable("kube_pods_subnet", "10.233.64.1/18"), "has host bits set"),
    (variable("kube_pods_subnet", "10.233.32.0/19"), "kube_service_addresses 10.233.0.0/18 overlaps"),
    (variable("kube_service_addresses", "10.0.0.0/8"), "overlaps kube_pods_subnet"),
    (variable("kube_service_addresses", "192.168.0.0/24"), f"{FIRST}: ip 192.168.0.2 lies in kube_service_addresses"),
    (variable("kube_pods_subnet", "10.233.64.0/23"), "too small for 7 nodes"),
    (variable("kube_network_node_prefix", "24"), "kube_network_node_prefix is '24'"),
    (variable("kubelet_max_pods", 500), "kubelet_max_pods is 500"),
    (variable("kube_network_plugin", "cilium"), "takes the place of calico only"),
    (variable("kube_proxy_mode", "ipvs"), "nftables and iptables"),
    (variable("calico_mtu", "1370"), "calico_mtu is '1370'"),
    (variable("files_repo", "http://192.0.2.1"), "reads a directory on every host"),
    (variable("kubelet_fail_cgroup_v1", "false"), "it must be true or false"),
    (host("ip", "192.168.0.3"), f"ip 192.168.0.3 is given to {FIRST}, {SECOND}"),
    (host("ip", "192.168.0.300"), "not an IPv4 address"),
    (host("node_labels", ["site=mwt2"]), "node_labels must be a dictionary"),
    (host("node_labels", {"site": "two words"}), "is not a label"),
    (host("node_labels", {"public": True}), "is not a label"),
    (host("node_taints", "a=b:NoSchedule"), "node_taints must be a list"),
    (host("node_taints", ["dedicated"]), "is not key=value:Effect"),
    (renamed, "UVIC001: not a lower-case DNS name"),
]


def test_the_programs_own_inventory_is_accepted(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    result = ansible(BOILERPLATE, good.write(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "NOT Kubespray but a stand-in" in result.stdout
    assert "in place of calico" in result.stdout


def test_taints_and_prefixed_labels_are_accepted(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    good.hosts[FIRST]["node_taints"] = ["dedicated=dns:NoSchedule", "spot:PreferNoSchedule"]
    good.hosts[FIRST]["node_labels"] = {"topology.kubernetes.io/zone": "mwt2", "empty": ""}
    result = ansible(BOILERPLATE, good.write(tmp_path))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_inventory_is_refused(
    ansible: Ansible, good: Inventory, tmp_path: Path, change: Change, message: str
) -> None:
    change(good)
    result = ansible(BOILERPLATE, good.write(tmp_path))
    assert result.returncode == 2, result.stdout
    assert message in result.stdout


def test_all_mistakes_come_at_once(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    good.variables.update(kube_version="v1.35.4", kube_proxy_mode="ipvs")
    good.hosts[FIRST]["ip"] = "192.168.0.3"
    result = ansible(BOILERPLATE, good.write(tmp_path))
    assert all(word in result.stdout for word in ("leading v", "kube_proxy_mode", "ip 192.168.0.3 is given to"))


KUBESPRAY = os.environ.get("KUBESPRAY", "")


@pytest.mark.skipif(not KUBESPRAY, reason="KUBESPRAY names no checkout of Kubespray to compare with")
def test_kubespray_itself_accepts_the_same_inventory(good: Inventory, tmp_path: Path) -> None:
    checkout = Path(KUBESPRAY)
    kubespray = Ansible(virtual_environment(checkout / "requirements.txt"), checkout, tmp_path)
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    result = kubespray(BOILERPLATE, good.write(inventory))
    assert result.returncode == 0, result.stdout + result.stderr
