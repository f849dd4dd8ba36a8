"""What the model requires of a host, and the words by which the preflight's script gets it."""

from dataclasses import replace

import pytest

from components.model.configuration import parse, parse_plan
from components.model.files.preflight_words import preflight_words
from components.model.plan import Plan, plan_of
from components.model.requirements import Requirements, host_requirements
from tests.support.examples import changed, configuration, read, with_workers

FIRST, WORKER, UVIC = "uchicago002.hl-lhc.io", "uchicago005.hl-lhc.io", "uvic001.hl-lhc.io"


def required(name: str, path: str = "", value: object = None, *, kubernetes: bool = True) -> Requirements:
    """Return the requirements of a node of the example, with one value of its configuration changed."""
    plan = plan_of(parse(changed(path, value) if path else configuration(), read))
    return host_requirements(plan, plan.spec.node(name), kubernetes=kubernetes)


def test_the_words_of_a_control_plane_node_and_of_a_worker() -> None:
    assert preflight_words(required(FIRST)) == (
        "roles=control-plane,etcd",
        "wireguard=51820",
        "mesh=192.168.0.0/24",
        "pods=10.233.64.0/18",
        "services=10.233.0.0/18",
        "tcp=2379,2380,6443,10250,10256,10257,10259",
        "engine=containerd",
        "cgroup=2",
        "ipv6=yes",
        "resolver=yes",
        "memory=1500",
        "disk=5000",
        "sshd=22",
    )
    different = {word for word in preflight_words(required(WORKER)) if word not in preflight_words(required(FIRST))}
    assert different == {"roles=worker", "tcp=6443,10250,10256", "memory=1024"}
    assert not required(WORKER).ipv6


def test_without_a_cluster_only_what_the_mesh_needs_is_required() -> None:
    words = preflight_words(required(FIRST, kubernetes=False))
    assert words == ("wireguard=51820", "mesh=192.168.0.0/24", "disk=200", "sshd=22")


@pytest.mark.parametrize(
    ("path", "value", "present", "absent"),
    [
        ("mesh/listenPort", 4500, "wireguard=4500", "wireguard=51820"),
        ("kubernetes/variables/kube_apiserver_port", 8443, "tcp=2379,2380,8443,10250,10256,10257,10259", ""),
        ("kubernetes/variables/kubelet_fail_cgroup_v1", False, "", "cgroup=2"),
        ("kubernetes/variables/kubelet_fail_cgroup_v1", True, "cgroup=2", ""),
        ("kubernetes/version", "1.34.8", "", "cgroup=2"),
        ("kubernetes/variables/kube_apiserver_bind_address", "0.0.0.0", "", "ipv6=yes"),  # noqa: S104
        ("kubernetes/variables/upstream_dns_servers", ["192.0.2.53"], "", "resolver=yes"),
        ("kubernetes/variables/minimal_master_memory_mb", 900, "memory=900", "memory=1500"),
        ("kubernetes/variables/ignore_assert_errors", True, "", "memory=1500"),
        ("kubernetes/variables/container_manager", "docker", "engine=docker", "engine=containerd"),
        ("ssh/meshPort", 2222, "sshd=2222", "sshd=22"),
        ("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"]}, "ssh=203.0.113.0/24,192.168.0.0/24", ""),
    ],
)
def test_what_is_declared_changes_the_requirements(path: str, value: object, present: str, absent: str) -> None:
    words = preflight_words(required(FIRST, path, value))
    assert not present or present in words
    assert absent not in words


def test_a_variable_of_one_node_is_its_own() -> None:
    path = f"sites/uvic/nodes/{UVIC}/variables"
    assert not required(UVIC, path, {"kubelet_fail_cgroup_v1": False}).cgroup_v2
    assert required(WORKER, path, {"kubelet_fail_cgroup_v1": False}).cgroup_v2
    assert 7443 in required(UVIC, path, {"loadbalancer_apiserver_port": 7443}).tcp


def test_a_service_requires_its_port_at_the_addresses_of_its_entries() -> None:
    config = changed("services", {"web": {"port": 443, "nodePort": 30443, "from": "public", "entries": [WORKER]}})
    plan = plan_of(parse(config, read))
    served = {node.name: host_requirements(plan, node).served for node in plan.spec.nodes}
    assert {name for name, pairs in served.items() if pairs} == {WORKER}
    assert [port for port, _ in served[WORKER]] == [443]
    words = preflight_words(replace(required(WORKER), served=((80, "2001:db8::1"), (443, "192.0.2.5"))))
    assert "served=80@2001:db8::1,443@192.0.2.5" in words


def test_more_nodes_change_the_requirements_of_nobody() -> None:
    def of_all(plan: Plan) -> dict[str, Requirements]:
        return {node.name: host_requirements(plan, node) for node in plan.spec.nodes}

    before, after = (of_all(parse_plan(config, read, {})) for config in (configuration(), with_workers(5)))
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 5
