"""One cluster of two kernels: a control plane on this machine's own, and a worker with a kernel and cgroup v2 of its own.

By the stand-in for Kubespray. The worker is an emulated machine at another site, and slow. The tests run in the file's
order on one lab, `lab/topologies/mixed.yaml`.
"""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.cluster.pods import pod
from tests.lab.capture import captured
from tests.lab.claim import claimed
from tests.lab.place import BUSY, STACK, Place, wait_for, wait_until
from tests.lab.project import Project
from tests.support.examples import TREE

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

TOPOLOGY = TREE / "lab/topologies/mixed.yaml"
CONTROL, WORKER = "shared.lab.test", "own.lab.test"
WG0 = {CONTROL: "192.168.0.2", WORKER: "192.168.0.3"}
ENDPOINT = {CONTROL: "192.0.2.11", WORKER: "198.51.100.11"}
PATIENCE = 120
"""Seconds."""
OF_THE_MACHINE = ("kubelet_fail_cgroup_v1", "kubeadm_ignore_preflight_errors")
"""Variables of the example that say what hosts on this machine's kernel lack: here, those of one node."""
LEFT = (
    "/etc/wireguard /etc/stretched /var/lib/stretched /var/lib/stretched-uploads /sys/class/net/wg0 /sys/class/net/cni0"
    " /etc/kubernetes /etc/kubespray-standin /var/lib/kubespray-standin /etc/modules-load.d/kubespray-standin.conf"
)


def declare(project: Project) -> None:
    """Declare both nodes. The worker has Kubespray's defaults, which refuse cgroup v1, but for its memory."""
    kubernetes = project.fields["kubernetes"]
    lacking = {name: kubernetes["variables"].pop(name) for name in OF_THE_MACHINE}
    kubernetes["variables"].update(minimal_node_memory_mb=512, standin_ready_timeout=PATIENCE * BUSY)
    kubernetes["apiAddress"] = ENDPOINT[CONTROL]
    control = {"address": WG0[CONTROL], "endpoint": ENDPOINT[CONTROL], "variables": lacking}
    roles = ["control-plane", "etcd", "worker"]
    worker = {"address": WG0[WORKER], "endpoint": ENDPOINT[WORKER]}
    project.fields["sites"] = {
        "here": {"institution": "north", "nodes": {CONTROL: {**control, "roles": roles}}},
        "there": {"institution": "south", "nodes": {WORKER: worker}},
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with claimed(TOPOLOGY) as somebodys:
        place = Place(TOPOLOGY)
        assert not somebodys, f"a lab `{place.layout.name}` is up already, made by somebody else"
        print(place.lab("up").stdout)
        project = Project(TOPOLOGY, tmp_path_factory.mktemp("stack"), TREE / f"Pulumi.{STACK}.yaml")
        declare(project)
        project.begin()
        began = time.monotonic()
        project.up()
        print(f"pulumi up: {time.monotonic() - began:.0f} s")
        kubeconfig(project).touch(0o600)
        kubeconfig(project).write_text(project.kubeconfig(), encoding="utf-8")
        yield project


def kubeconfig(project: Project) -> Path:
    return project.directory / "kubeconfig"


def kubectl(project: Project, *words: str, stdin: str | None = None, check: bool = True) -> str:
    """Run kubectl in the operator's place."""
    words = ("run", "kubectl", "--kubeconfig", str(kubeconfig(project)), *words)
    return project.lab(*words, stdin=stdin, check=check).stdout


def nodes_become_ready(project: Project) -> None:
    def ready() -> dict[str, str]:
        items = json.loads(kubectl(project, "get", "nodes", "-o", "json"))["items"]
        conditions = {item["metadata"]["name"]: item["status"]["conditions"] for item in items}
        return {name: one["status"] for name, some in conditions.items() for one in some if one["type"] == "Ready"}

    wait_for(ready, dict.fromkeys(WG0, "True"), PATIENCE, "both nodes are Ready")


def test_both_nodes_are_ready(cluster: Project) -> None:
    nodes_become_ready(cluster)


def test_the_worker_has_cgroup_v2_and_its_kubelet_would_refuse_v1(cluster: Project) -> None:
    kernels = {host: cluster.on(host, "uname", "-r") for host in WG0}
    assert kernels[WORKER] != kernels[CONTROL]
    assert cluster.on(WORKER, "stat", "-f", "-c", "%T", "/sys/fs/cgroup").strip() == "cgroup2fs"
    said = {node: kubectl(cluster, "get", "--raw", f"/api/v1/nodes/{node}/proxy/configz") for node in WG0}
    kubelets = {node: json.loads(text)["kubeletconfig"] for node, text in said.items()}
    assert {node: kubelet["failCgroupV1"] for node, kubelet in kubelets.items()} == {CONTROL: False, WORKER: True}
    written = yaml.safe_load(cluster.on(WORKER, "cat", "/var/lib/kubelet/config.yaml"))
    assert written["failCgroupV1"] is True


@pytest.fixture(scope="module")
def pods(cluster: Project) -> dict[str, str]:
    """A pod on each node, put there by the scheduler, running; their addresses."""
    where = {"at-control": CONTROL, "at-worker": WORKER}
    manifest = "".join(pod(name, node, test="mixed") for name, node in where.items())
    for node in where.values():
        manifest = manifest.replace(f"nodeName: {node}", f"nodeSelector: {{kubernetes.io/hostname: {node}}}")
    kubectl(cluster, "apply", "-f", "-", stdin=manifest)
    kubectl(cluster, "wait", "--for=condition=Ready", "pod", "-l", "test=mixed", f"--timeout={PATIENCE * BUSY}s")
    found = json.loads(kubectl(cluster, "get", "pods", "-l", "test=mixed", "-o", "json"))["items"]
    return {one["metadata"]["name"]: one["status"]["podIP"] for one in found}


def test_a_pod_of_the_worker_is_in_the_one_hierarchy_that_systemd_and_kubelet_share(
    cluster: Project, pods: dict[str, str]
) -> None:
    del pods
    groups = cluster.on(WORKER, "sh", "-c", "cat /proc/$(pgrep -x -n podtool)/cgroup").splitlines()
    assert len(groups) == 1
    assert groups[0].startswith("0::/kubepods.slice/"), groups


def test_pods_of_both_kernels_answer_each_other_and_nothing_but_wireguard_crosses_the_wan(
    cluster: Project, pods: dict[str, str]
) -> None:
    def answer(client: str, server: str) -> list[str]:
        words = ("exec", client, "--", "/podtool", "get", f"http://{pods[server]}/")
        return kubectl(cluster, *words, check=False).split()

    names = (("at-control", "at-worker", WORKER), ("at-worker", "at-control", CONTROL))
    between = f"host {ENDPOINT[CONTROL]} and host {ENDPOINT[WORKER]}"
    with captured(cluster, "router:there", between) as packets:
        for client, server, node in names:
            wait_for(partial(answer, client, server), [server, node, pods[client]], PATIENCE, f"{server} answers")
    assert len(packets) > 10
    for packet in packets:
        assert "UDP" in packet, packet
        assert ".51820 > " in packet, packet
        assert ".51820: " in packet, packet


def test_a_service_and_its_name_work_from_the_worker(cluster: Project, pods: dict[str, str]) -> None:
    del pods
    spec = "{selector: {test: mixed}, ports: [{port: 80}]}"
    service = f"{{apiVersion: v1, kind: Service, metadata: {{name: tool}}, spec: {spec}}}"
    kubectl(cluster, "apply", "-f", "-", stdin=service)
    words = ("exec", "at-worker", "--", "/podtool", "get", "http://tool.default.svc.cluster.local/")
    for name in ("at-control", "at-worker"):
        found = partial(kubectl, cluster, *words, check=False)
        wait_until(lambda: found().split()[:1] == [name], PATIENCE, f"the service reaches {name}")  # noqa: B023 - at once


def test_a_reboot_of_the_worker_brings_its_pod_back(cluster: Project, pods: dict[str, str]) -> None:
    def boot() -> str:
        return kubectl(cluster, "get", "node", WORKER, "-o", "jsonpath={.status.nodeInfo.bootID}")

    def answered() -> list[str]:
        address = kubectl(cluster, "get", "pod", "at-worker", "-o", "jsonpath={.status.podIP}")
        words = ("exec", "at-control", "--", "/podtool", "get", f"http://{address}/")
        return kubectl(cluster, *words, check=False).split()

    before = boot()
    cluster.on(WORKER, "systemctl", "reboot", check=False)  # ended by the reboot itself
    wait_until(lambda: boot() != before, PATIENCE, "kubelet says that its host was booted again")
    nodes_become_ready(cluster)
    wait_for(answered, ["at-worker", WORKER, pods["at-control"]], PATIENCE, "the pod answers again")
    bridges = cluster.on(WORKER, "cat", "/proc/sys/net/bridge/bridge-nf-call-iptables")
    assert bridges == "1\n", "the module is loaded at the boot, before its setting is made"


def test_nothing_is_left_after_destroy(cluster: Project) -> None:
    cluster.destroy()
    for host in WG0:
        assert cluster.on(host, "sh", "-c", f"ls -d {LEFT} 2>/dev/null", check=False) == ""
        running = set(cluster.on(host, "ps", "-eo", "comm=").split())
        assert not running & {"kubelet", "kube-proxy", "kube-apiserver", "etcd", "podtool", "wireguard-go"}
