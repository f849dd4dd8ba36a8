"""A host that was reinstalled comes back as the same node by one run; a machine keeps its name. The mesh alone.

The tests run in the file's order on one lab, lab/topologies/identity.yaml; the program is tests/lab/mesh.
"""

import copy
import json
import os
from collections.abc import Iterator

import pytest

from lab import record
from lab.down import remove_host
from tests.lab.mesh_lab import MeshLab
from tests.support.examples import TREE

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

WG0 = {"open1": "192.168.7.1", "open2": "192.168.7.2", "left1": "192.168.7.3"}
SITES: dict[str, dict[str, object]] = {
    "open": {
        "institution": "north",
        "nodes": {
            "open1.lab.test": {
                "address": WG0["open1"], "endpoint": "192.0.2.11", "roles": ["control-plane", "etcd", "worker"]
            },
            "open2.lab.test": {"address": WG0["open2"], "endpoint": "192.0.2.12"},
        },
    },
    "left": {
        "institution": "west",
        "nodes": {"left1.lab.test": {"address": WG0["left1"], "ssh": {"host": "203.0.113.8", "port": 2211}}},
    },
}  # fmt: skip
CONFIG: dict[str, object] = {
    "mesh": {"cidr": "192.168.7.0/24"},
    "kubernetes": {"version": "1.35.4", "kubespray": {"repository": "https://example.org/k", "commit": "0" * 40}},
    "firewall": {"enabled": True, "ssh": ["203.0.113.200/32"]},
    "sites": SITES,
}
PAIRS = [(one, other) for one in WG0 for other in WG0 if one != other]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with MeshLab(TREE / "lab/topologies/identity.yaml").standing(tmp_path_factory.mktemp("stack") / "mesh") as made:
        made.write(CONFIG, "open1.lab.test")
        made.up()
        yield made


def reinstall(lab: MeshLab, host: str) -> None:
    """Give a host an empty disk and new host keys."""
    with record.locked(lab.layout.lock):
        known = record.read(lab.layout)
        assert known is not None
        remove_host(host, lab.layout, known.directories)
    lab.lab("up")


def key(lab: MeshLab, host: str) -> str:
    """Return a host's public key of WireGuard."""
    return lab.sh(host, "wg show wg0 public-key")


def outputs(lab: MeshLab) -> dict[str, object]:
    whole = json.loads(lab.pulumi("stack", "output", "--json", "--stack", lab.stack))
    return {name: whole[name] for name in ("nodes", "links")}


def reach_each_other(lab: MeshLab) -> None:
    for one, other in PAIRS:
        lab.reaches(one, WG0[other])


def test_paths_are_measured_where_a_router_forwards_another_port(lab: MeshLab) -> None:
    links = outputs(lab)["links"]
    assert isinstance(links, list)
    assert [link["between"] for link in links if link["throughputMbps"]] == [["left", "open"]]


def test_a_reinstalled_host_is_the_same_node_after_one_run(lab: MeshLab) -> None:
    before, nodes = key(lab, "open2"), outputs(lab)["nodes"]
    reinstall(lab, "open2")
    assert lab.sh("open2", "find /var/lib/stretched-uploads /etc/wireguard -type f 2>/dev/null || :") == ""
    said = lab.up()
    assert "mesh-open2.lab.test-files" in said
    assert "mesh-left1.lab.test-prepared" not in said, "the other hosts keep what they have"
    assert key(lab, "open2") == before
    assert outputs(lab)["nodes"] == nodes
    reach_each_other(lab)
    assert "stretched_firewall" in lab.sh("open2", "nft list tables")
    assert lab.sh("open2", "systemctl is-enabled wg-quick@wg0 stretched-firewall").split() == ["enabled", "enabled"]
    lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", lab.stack)


def test_a_machine_keeps_its_name_and_its_tunnels(lab: MeshLab) -> None:
    before = key(lab, "open2")
    sites = copy.deepcopy(SITES)
    nodes = sites["open"]["nodes"]
    assert isinstance(nodes, dict)
    nodes["renamed.lab.test"] = nodes.pop("open2.lab.test")
    lab.write({**CONFIG, "sites": sites}, "open1.lab.test")
    words = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", lab.stack)
    refused = lab.lab("run", *words, cwd=lab.directory, check=False)
    assert refused.returncode != 0
    assert "is the machine that was open2.lab.test in the last run" in refused.stdout
    assert key(lab, "open2") == before
    del nodes["renamed.lab.test"]
    lab.write({**CONFIG, "sites": sites}, "open1.lab.test")
    lab.up()
    assert lab.sh("open2", "ls -d /sys/class/net/wg0 /var/lib/stretched* /etc/stretched 2>/dev/null || :") == ""
    nodes["renamed.lab.test"] = {"address": WG0["open2"], "endpoint": "192.0.2.12"}
    lab.write({**CONFIG, "sites": sites}, "open1.lab.test")
    lab.up()
    reach_each_other(lab)
    assert lab.sh("open2", "cat /var/lib/stretched-uploads/name") == "renamed.lab.test"


def test_nothing_of_ours_is_left_after_a_destroy(lab: MeshLab) -> None:
    lab.destroy()
    for host in WG0:
        assert lab.sh(host, "ls -d /sys/class/net/wg0 /var/lib/stretched* /etc/stretched 2>/dev/null || :") == ""
