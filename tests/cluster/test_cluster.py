"""The main job: seven nodes at three sites, one cluster over wg0, seen from the operator's place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.pods import pod
from tests.lab.capture import captured
from tests.lab.place import DEV, HOSTS, PING_UNTIL_ANSWERED, STACK, kubectl, lab, on, pulumi, wait_for, wait_until

pytestmark = pytest.mark.long

LABELS = {
    "uchicago002.hl-lhc.io": ("mwt2", "uchicago"),
    "uchicago003.hl-lhc.io": ("mwt2", "uchicago"),
    "uchicago004.hl-lhc.io": ("mwt2", "uchicago"),
    "uchicago005.hl-lhc.io": ("mwt2", "uchicago"),
    "umich001.hl-lhc.io": ("aglt2", "umich"),
    "msu001.hl-lhc.io": ("aglt2", "msu"),
    "uvic001.hl-lhc.io": ("uvic", "uvic"),
}
CONTROL_PLANE = {"uchicago002.hl-lhc.io", "uchicago003.hl-lhc.io", "uchicago004.hl-lhc.io"}


def nodes(kubeconfig: Path) -> dict[str, dict[str, dict[str, str]]]:
    found = json.loads(kubectl(kubeconfig, "get", "nodes", "-o", "json"))["items"]
    return {node["metadata"]["name"]: node for node in found}


def is_ready(node: dict[str, dict[str, str]]) -> bool:
    conditions: list[dict[str, str]] = node["status"]["conditions"]  # type: ignore[assignment]
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def test_seven_nodes_are_ready_with_roles_and_labels_of_the_notes(cluster: Path) -> None:
    def ready() -> dict[str, bool]:
        return {name: is_ready(node) for name, node in nodes(cluster).items()}

    wait_for(ready, dict.fromkeys(HOSTS, True), 60, "all nodes are Ready")
    found = nodes(cluster)
    labels = {name: node["metadata"]["labels"] for name, node in found.items()}
    assert {name: (label["site"], label["institution"]) for name, label in labels.items()} == LABELS  # type: ignore[index]
    assert {name for name, label in labels.items() if "node-role.kubernetes.io/control-plane" in label} == CONTROL_PLANE


def test_nodes_know_each_other_by_wg0_addresses_only(cluster: Path) -> None:
    for name, node in nodes(cluster).items():
        addresses: list[dict[str, str]] = node["status"]["addresses"]  # type: ignore[assignment]
        internal = [address["address"] for address in addresses if address["type"] == "InternalIP"]
        assert [address.rpartition(".")[0] for address in internal] == ["192.168.0"], name


def test_every_pair_answers_over_wg0(cluster: Path) -> None:  # noqa: ARG001
    addresses = " ".join(f"192.168.0.{last}" for last in range(2, 9))
    for host in HOSTS:
        on(
            host,
            "sh",
            "-c",
            f"for address in {addresses}; do {PING_UNTIL_ANSWERED.replace('ADDRESS', '$address')} || exit; done",
        )


def test_a_second_up_changes_nothing(cluster: Path) -> None:  # noqa: ARG001
    done = pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK)
    assert re.search(r"^ +\d+ unchanged$", done.stdout, re.MULTILINE), done.stdout


def test_the_outputs_are_there_and_the_kubeconfig_is_secret(cluster: Path) -> None:  # noqa: ARG001
    shown = json.loads(pulumi("stack", "output", "--json", "--stack", STACK).stdout)
    assert set(shown) == {"kubeconfig", "nodes", "inventory", "links", "readme"}
    assert shown["kubeconfig"] == "[secret]"
    assert shown["nodes"]["umich001.hl-lhc.io"]["endpoints"] == ["198.51.100.6:51820"]
    assert shown["nodes"]["uvic001.hl-lhc.io"]["endpoints"] == []
    keys = {
        name: on(name, "wg", "show", "wg0", "public-key").strip()
        for name in ("umich001.hl-lhc.io", "uvic001.hl-lhc.io")
    }
    assert keys == {name: shown["nodes"][name]["publicKey"] for name in keys}
    assert set(yaml.safe_load(shown["inventory"])["all"]["hosts"]) == set(HOSTS)
    assert "| uvic001.hl-lhc.io | uvic | uvic |" in shown["readme"]


@pytest.fixture(scope="module")
def pods(cluster: Path) -> Iterator[dict[str, str]]:
    """A pod at uvic and one at mwt2, running; their addresses."""
    where = {"at-uvic": "uvic001.hl-lhc.io", "at-mwt2": "uchicago005.hl-lhc.io"}
    text = "".join(pod(name, node, test="pods") for name, node in where.items())
    kubectl(cluster, "apply", "-f", "-", stdin=text)
    kubectl(cluster, "wait", "--for=condition=Ready", "pod", "-l", "test=pods", "--timeout=1200s")
    found = json.loads(kubectl(cluster, "get", "pods", "-l", "test=pods", "-o", "json"))["items"]
    yield {one["metadata"]["name"]: one["status"]["podIP"] for one in found}
    kubectl(cluster, "delete", "pod,service", "-l", "test=pods", "--wait=false")


def test_a_pod_at_uvic_answers_a_pod_at_mwt2_over_wg0_and_nothing_else_crosses_the_wan(
    cluster: Path, pods: dict[str, str]
) -> None:
    with captured(DEV, "router:uvic", "not host 203.0.113.200 and net 192.0.2.0/24") as packets:
        answer = kubectl(cluster, "exec", "at-mwt2", "--", "/podtool", "get", f"http://{pods['at-uvic']}/")
        back = kubectl(cluster, "exec", "at-uvic", "--", "/podtool", "get", f"http://{pods['at-mwt2']}/")
    assert answer.split() == ["at-uvic", "uvic001.hl-lhc.io", pods["at-mwt2"]]
    assert back.split() == ["at-mwt2", "uchicago005.hl-lhc.io", pods["at-uvic"]]
    assert len(packets) > 10
    for packet in packets:
        assert "UDP" in packet, packet
        assert ".51820 > " in packet or ".51820: " in packet, packet


def test_a_large_answer_crosses_because_the_pods_know_the_mtu(cluster: Path, pods: dict[str, str]) -> None:  # noqa: ARG001
    for host in ("uvic001.hl-lhc.io", "uchicago005.hl-lhc.io"):
        devices = json.loads(on(host, "ip", "-j", "-d", "link"))
        mtu = {device["ifname"]: device["mtu"] for device in devices}
        kinds = {device["ifname"]: device.get("linkinfo", {}).get("info_kind") for device in devices}
        assert mtu["wg0"] == 1420
        assert {mtu[name] for name, kind in kinds.items() if kind in ("vxlan", "veth") and name != "eth0"} == {1370}
    target = pods["at-uvic"]
    answered = PING_UNTIL_ANSWERED.replace("-c1", f"-c1 -M do -s {1370 - 28}").replace("ADDRESS", target)
    on("uchicago005.hl-lhc.io", "sh", "-c", answered)


def test_services_and_names_work_from_a_pod(cluster: Path, pods: dict[str, str]) -> None:  # noqa: ARG001
    service = "{apiVersion: v1, kind: Service, metadata: {name: tool, labels: {test: pods}}, spec: {selector: {test: pods}, ports: [{port: 80}]}}"
    kubectl(cluster, "apply", "-f", "-", stdin=service)

    def reached() -> set[str]:
        out = kubectl(
            cluster, "exec", "at-uvic", "--", "/podtool", "get", "http://tool.default.svc.cluster.local/", check=False
        )
        return set(out.split())

    wait_until(lambda: "at-mwt2" in reached(), 60, "the service reaches the pod at mwt2")
    wait_until(lambda: "at-uvic" in reached(), 60, "the service reaches the pod at uvic")


@pytest.mark.usefixtures("pods")
def test_services_survive_a_new_kube_proxy(cluster: Path) -> None:
    proxy = (
        "pod",
        "-n",
        "kube-system",
        "-l",
        "k8s-app=kube-proxy",
        "--field-selector",
        "spec.nodeName=uvic001.hl-lhc.io",
    )
    before = kubectl(cluster, "get", *proxy, "-o", "name")
    kubectl(cluster, "delete", *proxy)
    wait_until(lambda: kubectl(cluster, "get", *proxy, "-o", "name") not in ("", before), 60, "a new kube-proxy")
    kubectl(cluster, "wait", "--for=condition=Ready", *proxy, "--timeout=600s")
    # Its first sync takes entries away that it does not know: what counts is that the service is still there after it.
    for _ in range(20):
        kubectl(cluster, "exec", "at-uvic", "--", "/podtool", "get", "http://tool.default.svc.cluster.local/")


@pytest.mark.usefixtures("pods")
def test_wg0_and_the_node_come_back_after_a_reboot_without_pulumi(cluster: Path) -> None:
    host = "uvic001.hl-lhc.io"

    def started() -> str:
        return on(host, "stat", "-c", "%Y", "/run/systemd/system", check=False)

    before = started()
    on(host, "systemctl", "reboot", check=False)
    wait_until(lambda: started() not in (before, "") and started().strip().isdigit(), 60, f"{host} boots")
    wait_until(
        lambda: (
            lab("exec", "uchicago002", "--", "ping", "-q", "-c", "1", "-W", "2", "192.168.0.8", check=False).returncode
            == 0
        ),
        60,
        f"{host} answers over wg0",
    )
    wait_until(lambda: is_ready(nodes(cluster)[host]), 180, f"{host} is Ready")
    kubectl(cluster, "wait", "--for=condition=Ready", "pod", "at-uvic", "--timeout=1200s")
