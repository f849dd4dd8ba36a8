"""Install, grow by a worker and a control-plane pair, label, fail, replace the first node, upgrade: edits of one stack.

The tests build on one another, in the order of the file.
"""

import json
import re

import pytest

from tests.lab.place import wait_until
from tests.lifecycle.stack import AFTER, BEFORE, FIRST, Stack, certificate

pytestmark = pytest.mark.long

WORKER, UVIC, NEW = "uchicago005.hl-lhc.io", "uvic001.hl-lhc.io", "umich001.hl-lhc.io"
PAIR = ("uchicago003.hl-lhc.io", "uchicago004.hl-lhc.io")
NEXT = PAIR[0]
"""Becomes the first control-plane node in the end."""

LEFT_OVERS = (
    "/etc/wireguard /root/.stretched /var/lib/stretched-uploads /var/lib/stretched /sys/class/net/wg0 /etc/kubernetes/manifests/* /etc/kubernetes/pki"
    " /etc/kubernetes/*.conf /etc/cni/net.d/* /var/lib/etcd/member /var/lib/kubelet/config.yaml /etc/systemd/system/kubelet.service"
    " /etc/systemd/system/etcd.service /etc/systemd/system/kubelet.service.d /etc/systemd/system/etcd.service.d"
    " /sys/class/net/cni0 /sys/class/net/vxlan* /sys/class/net/flannel* /usr/local/bin/kubelet /usr/local/bin/kubeadm"
)


def assert_ready(stack: Stack, version: str) -> None:
    def bad() -> dict[str, str]:
        live = stack.live_nodes()
        found = dict.fromkeys(stack.nodes() - set(live), "is missing")
        found |= dict.fromkeys(set(live) - stack.nodes(), "is there")
        for name, node in live.items():
            status = node["status"]
            assert isinstance(status, dict)
            ready = [one["status"] for one in status["conditions"] if one["type"] == "Ready"]
            if ready != ["True"] or status["nodeInfo"]["kubeletVersion"] != f"v{version}":
                found[name] = f"Ready: {ready}, {status['nodeInfo']['kubeletVersion']}"
        return found

    wait_until(lambda: not bad(), 120, f"the declared nodes, Ready at {version}: {bad()}")


ETCD_MEMBERS = (
    "if [ -e /etc/etcd.env ]; then . /etc/etcd.env; ETCDCTL_API=3 /usr/local/bin/etcdctl member list"
    " --endpoints=https://127.0.0.1:2379 --cacert=$ETCD_TRUSTED_CA_FILE --cert=$ETCD_CERT_FILE --key=$ETCD_KEY_FILE;"
    " else id=$(ctr -n k8s.io containers ls | awk '/\\/etcd:/ { print $1 }' | while read -r id; do"
    " ctr -n k8s.io tasks ls | awk -v id=$id '$1 == id && $3 == \"RUNNING\" { print id }'; done);"
    " ctr -n k8s.io tasks exec --exec-id members $id etcdctl member list --endpoints=https://127.0.0.1:2379"
    " --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key; fi"
)
"""On a control-plane node: etcd as a service (Kubespray) or as a static pod (the stand-in)."""
KUBECONFIGS = "/etc/kubernetes/*.conf $(find /root/.kube/config 2>/dev/null)"


def assert_led_by(stack: Stack, *leaders: str) -> None:
    """Check that these are etcd's members, which all API servers know, and that the first has the API that joining nodes ask.

    Kubespray leaves the manifests of a living control plane alone: ours must have taken over.
    """
    addresses = [stack.address(name) for name in leaders]
    members = stack.on(leaders[0], "sh", "-c", ETCD_MEMBERS)
    assert sorted(re.findall(r"https://(192\.168\.0\.\d+):2380", members)) == sorted(addresses), members
    for host in leaders:
        servers = stack.on(host, "sh", "-c", "grep -- --etcd-servers= /etc/kubernetes/manifests/kube-apiserver.yaml")
        if "127.0.0.1" not in servers:  # the stand-in's API servers each have their own member
            assert sorted(re.findall(r"(192\.168\.0\.\d+):2379", servers)) == sorted(addresses), f"{host}: {servers}"
    for namespace, name, field in (
        ("kube-public", "cluster-info", "server: https://"),
        ("kube-system", "kubeadm-config", "controlPlaneEndpoint: "),
    ):
        held = stack.kubectl("-n", namespace, "get", "configmap", name, "-o", "yaml")
        assert re.findall(rf"{field}(\S+):6443", held) == addresses[:1], held
    for host in stack.nodes():
        named = stack.on(host, "sh", "-c", f"sed -n 's,^ *server: https://,,p' {KUBECONFIGS}", check=False)
        asked = re.findall(r"^(\S+):6443$", named, re.MULTILINE)
        own = {"localhost", "127.0.0.1", stack.address(host)}
        assert asked, named
        assert set(asked) <= {*own, addresses[0]}, f"{host}: {named}"
    proxies = stack.kubectl("-n", "kube-system", "get", "configmap", "kube-proxy", "-o", "yaml")
    assert re.findall(r"server: https://(\S+):6443", proxies) in (["127.0.0.1"], addresses[:1]), proxies


def assert_nothing_left(stack: Stack, host: str) -> None:
    assert stack.on(host, "sh", "-c", f"ls -d {LEFT_OVERS} 2>/dev/null", check=False) == ""
    assert "stretched" not in stack.on(host, "cat", "/root/.ssh/authorized_keys")
    running = set(stack.on(host, "ps", "-eo", "comm=").split())
    assert not running & {"kubelet", "kube-apiserver", "etcd", "wireguard-go", "kube-proxy", "flanneld"}


def test_the_first_run_installs_what_is_declared(stack: Stack) -> None:
    assert stack.foretold() == ["cluster.yml: install 3 nodes"]
    said = stack.up()
    assert re.search(r"\[ *\d+:\d\d\] .*\(3 hosts, \d+ tasks done\)", said), "progress: play, hosts, tasks, time"
    assert [line for line in stack.ran() if line == "cluster.yml"]
    assert_ready(stack, BEFORE)


def test_without_an_api_address_the_kubeconfig_works_in_the_mesh(stack: Stack) -> None:
    assert "server: https://192.168.0.2:6443\n" in stack.kubeconfig()
    assert set(stack.live_nodes()) == stack.nodes()


def test_the_next_preview_has_nothing_to_do(stack: Stack) -> None:
    said = stack.preview("--expect-no-changes")
    assert "Kubespray will run" not in said


def test_a_new_worker_is_scaled_in_alone(stack: Stack) -> None:
    stack.add("aglt2", NEW)
    assert stack.foretold() == [f"scale.yml --limit {NEW}: new worker"]
    stack.up()
    assert stack.ran() == ["boilerplate.yml", "facts.yml", f"scale.yml --limit={NEW}"]
    assert_ready(stack, BEFORE)


def test_a_pair_of_control_plane_nodes_joins_and_the_api_gets_its_outer_address(stack: Stack) -> None:
    for name in PAIR:
        stack.add("mwt2", name)
    stack.open_the_api()
    stack.set_secret("lab_password", SECRET)
    before = certificate(stack.kubeconfig())
    why = f"new control plane or etcd {', '.join(PAIR)}, changed settings, changed secret variables lab_password"
    assert stack.foretold() == [f"cluster.yml: {why}"]
    OUTPUT.extend([stack.preview("--diff"), stack.up()])
    assert "cluster.yml" in stack.ran()
    assert_ready(stack, BEFORE)
    assert "server: https://192.0.2.2:6443\n" in stack.kubeconfig()
    assert certificate(stack.kubeconfig()).serial_number != before.serial_number, "cluster.yml makes a new certificate"
    assert_led_by(stack, FIRST, *PAIR)


SECRET = "correct-horse-battery-staple"
OUTPUT: list[str] = []


def test_a_secret_variable_is_nowhere_but_in_the_deployers_own_file(stack: Stack) -> None:
    for text in [*OUTPUT, stack.file.read_text(encoding="utf-8"), stack.state_file().read_text(encoding="utf-8")]:
        assert SECRET not in text
    places = "/var/lib/stretched /root /tmp /var/tmp /etc /home /run"
    held = stack.on(FIRST, "sh", "-c", f"grep -rlsF {SECRET} {places}", check=False).split()
    own = ("secrets.json", "secrets.now.json", "secrets.applied.json")  # given, of the last run, applied
    assert set(held) == {f"/var/lib/stretched/{name}" for name in own}
    assert set(stack.on(FIRST, "stat", "-c", "%a", *held).split()) == {"600"}
    assert stack.on(UVIC, "sh", "-c", f"grep -rlsF {SECRET} {places}", check=False) == ""
    assert not [
        path
        for path in (stack.directory / ".stretched").rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


def test_labels_and_taints_reach_the_living_node_and_go_again(stack: Stack) -> None:
    node = stack.node("uvic", UVIC)
    node.update(labels={"rack": "12", "disk": "ssd"}, taints=["gpu=yes:NoSchedule"])
    assert stack.foretold() == [f"kubectl {UVIC}: labels or taints"]
    stack.up()
    assert stack.ran() == ["boilerplate.yml", "members.yml"]
    live = json.loads(stack.kubectl("get", "node", UVIC, "-o", "json"))
    assert (live["metadata"]["labels"]["rack"], live["metadata"]["labels"]["disk"]) == ("12", "ssd")
    assert {"key": "gpu", "value": "yes", "effect": "NoSchedule"} in live["spec"]["taints"]
    node.update(labels={"disk": "hdd"}, taints=[])
    stack.up()
    live = json.loads(stack.kubectl("get", "node", UVIC, "-o", "json"))
    assert "rack" not in live["metadata"]["labels"]
    assert live["metadata"]["labels"]["disk"] == "hdd"
    assert live["metadata"]["labels"]["site"] == "uvic"
    assert "taints" not in live["spec"]


def test_another_deployer_takes_over_what_the_earlier_one_knew(stack: Stack) -> None:
    stack.fields["kubernetes"]["deployer"] = WORKER
    assert stack.foretold() == []
    stack.up()
    assert stack.ran() == ["boilerplate.yml", "adopt.yml", "hand_over.yml"]
    known = json.loads(stack.on(WORKER, "cat", "/var/lib/stretched/applied.json"))
    assert known["order"][0] == FIRST
    assert known["order"][-2:] == list(PAIR), "who joined last comes last"
    assert stack.on(FIRST, "sh", "-c", "ls -d /var/lib/stretched 2>/dev/null", check=False) == ""
    assert set(stack.live_nodes()) == stack.nodes()


def test_what_kubespray_cannot_do_is_refused_before_anything_changes(stack: Stack) -> None:
    hosts = (FIRST, UVIC)
    before = [stack.snapshot(host) for host in hosts]
    first = stack.node("mwt2", FIRST)
    stack.remove("mwt2", FIRST)
    stack.node("mwt2", PAIR[0])["roles"] = ["control-plane", "etcd"]
    stack.node("mwt2", WORKER)["roles"] = ["control-plane", "etcd"]
    stack.fields["kubernetes"]["version"] = "1.37.1"
    for said in (stack.preview(check=False), stack.up(check=False)):
        assert "nothing was changed on any host" in said
        assert "1.35.3 -> 1.37.1 skips a minor version; upgrade to 1.36.x first" in said
        assert f"{FIRST}: is the first node of control-plane, which Kubespray cannot remove" in said
        assert f"kubernetes.firstControlPlane: {PAIR[0]}" in said
        assert f"{WORKER}: cannot gain the role control-plane, etcd" in said
        assert "Traceback" not in said
    assert [stack.snapshot(host) for host in hosts] == before
    stack.fields["sites"]["mwt2"]["nodes"][FIRST] = first
    stack.fields["kubernetes"]["version"] = BEFORE
    del stack.node("mwt2", WORKER)["roles"]
    assert stack.foretold() == []


def test_a_failed_run_names_host_task_and_log_and_the_next_one_goes_on(stack: Stack) -> None:
    """A host that cannot join: its container runtime does not start."""
    stack.add("aglt2", "msu001.hl-lhc.io")
    sabotage = "/etc/systemd/system/containerd.service.d/sabotage.conf"
    stack.on(
        "msu001",
        "sh",
        "-c",
        f"mkdir -p $(dirname {sabotage}); printf '[Service]\\nExecStartPre=/bin/false\\n' >{sabotage}; systemctl daemon-reload; systemctl stop containerd",
    )
    said = stack.up(check=False)
    assert re.search(r"TASK .+\n.*msu001\.hl-lhc\.io: ", said), said[-3000:]
    assert "try: " in said
    assert f"Full log: /var/lib/stretched/playbooks.log on {stack.deployer}" in said
    stack.on(
        "msu001",
        "sh",
        "-c",
        f"rm {sabotage}; systemctl daemon-reload; systemctl reset-failed containerd || :; systemctl start containerd || :",
    )
    assert stack.foretold() == ["scale.yml --limit msu001.hl-lhc.io: new worker"]
    stack.up()
    assert_ready(stack, BEFORE)


def test_another_control_plane_node_becomes_the_first(stack: Stack) -> None:
    stack.fields["kubernetes"].update(firstControlPlane=NEXT, deployer=NEXT, apiAddress="192.0.2.3")
    assert stack.foretold() == [f"cluster.yml: {NEXT} becomes the first control-plane node, changed settings"]
    stack.up()
    assert_ready(stack, BEFORE)
    assert "server: https://192.0.2.3:6443\n" in stack.kubeconfig()
    assert_led_by(stack, NEXT, FIRST, PAIR[1])
    assert "Kubespray will run" not in stack.preview("--expect-no-changes")


def test_leaving_nodes_the_former_first_too_are_drained_removed_and_cleared_of_everything_of_ours(stack: Stack) -> None:
    leaving = ("msu001.hl-lhc.io", FIRST, PAIR[1])
    stack.remove("aglt2", leaving[0])
    for name in leaving[1:]:
        stack.remove("mwt2", name)
    assert stack.foretold() == [
        f"remove-node.yml {leaving[0]}: not declared any more",
        f"remove-node.yml {PAIR[1]}: not declared any more",
        f"remove-node.yml {FIRST}: not declared any more",
        f"cluster.yml: the others forget {FIRST}, {PAIR[1]}",
    ]
    stack.up()
    assert_ready(stack, BEFORE)
    for host in leaving:
        assert_nothing_left(stack, host)
    for host in (NEXT, WORKER, UVIC, NEW):
        allowed = stack.on(host, "wg", "show", "wg0", "allowed-ips")
        assert not re.search(r"192\.168\.0\.[247]/32", allowed), f"{host} has a peer that left"
    assert_led_by(stack, NEXT)
    assert "Kubespray will run" not in stack.preview("--expect-no-changes")


def test_a_worker_joins_and_an_upgrade_replaces_the_version_on_every_node(stack: Stack) -> None:
    """The worker is the former first control-plane node: what it was hinders nobody."""
    stack.add("mwt2", FIRST)
    stack.node("mwt2", FIRST)["roles"] = ["worker"]
    stack.fields["kubernetes"]["version"] = AFTER
    assert stack.foretold() == [f"scale.yml --limit {FIRST}: new worker", f"upgrade-cluster.yml: {BEFORE} -> {AFTER}"]
    stack.up()
    assert "upgrade-cluster.yml" in stack.ran()
    assert_ready(stack, AFTER)
    server = json.loads(stack.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    assert server == f"v{AFTER}"


def test_nothing_is_left_after_destroy(stack: Stack) -> None:
    hosts = stack.nodes()
    stack.destroy()
    for host in hosts:
        assert_nothing_left(stack, host)
