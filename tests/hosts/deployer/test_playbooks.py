"""Our own playbooks, in the ansible-core that a deployer has, with stubs for what runs on hosts."""

import base64
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from components.model.cluster.declared import declared
from components.model.cluster.kubespray_variables import group_vars
from components.model.configuration import parse
from components.model.convergence.state import to_data
from tests.hosts.deployer.place import Place, cluster
from tests.hosts.deployer.playbooks import Stage
from tests.support.examples import read

ADDRESSES = {"m": "192.168.0.109", "n": "192.168.0.110", "o": "192.168.0.111"}
KUBECTL = "kubectl --kubeconfig /etc/kubernetes/admin.conf"


@pytest.fixture
def stage(tmp_path: Path, ansible_python: Path, tools: Path) -> Stage:
    """m is the first control-plane node; a play that is for it alone must not run on the others."""
    groups = {"all": ["m", "n", "o"], "kube_control_plane": ["m", "n", "o"]}
    return Stage(
        tmp_path, ansible_python, tools / "uploaded", groups, {host: {"ip": ADDRESSES[host]} for host in "mno"}
    )


def test_ansible_accepts_the_syntax_of_all(stage: Stage) -> None:
    names = sorted(path.name for path in stage.own("").glob("*.yml"))
    assert names == ["adopt.yml", "control_plane.yml", "hand_over.yml", "logins.yml", "members.yml"]
    done = stage.run("playbook", "--syntax-check", "-i", "m,", "-e", "deployer=m", *(str(stage.own(n)) for n in names))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"status": "enabled", "mode": "enforcing", "config_mode": "enforcing"}, "enforcing"),
        ({"status": "enabled", "mode": "permissive", "config_mode": "permissive"}, "permissive"),
        ({"status": "enabled", "mode": "permissive", "config_mode": "enforcing"}, "enforcing"),
        ({"status": "disabled"}, "disabled"),
        ({"status": "Missing selinux Python library"}, "permissive"),
    ],
)
def test_kubespray_is_told_the_state_of_selinux_that_a_host_has(
    facts: dict[str, str], state: str, stage: Stage
) -> None:
    playbook = stage.root / "selinux.yml"
    tasks = [
        {"ansible.builtin.set_fact": {"selinux": facts, "cacheable": True}},
        {"ansible.builtin.assert": {"that": ["preinstall_selinux_state == expected"]}},
    ]
    playbook.write_text(json.dumps([{"hosts": "m", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    value = group_vars(parse(cluster(), read))["preinstall_selinux_state"]
    played = stage.play(playbook, preinstall_selinux_state=value, expected=state)
    assert played.status == 0, played.output


def test_labels_and_taints_are_set_and_taken_away_where_the_first_control_plane_node_is(stage: Stage) -> None:
    stage.stub(
        "kubectl", 'case "$*" in *k:NoExecute-) echo \'error: taint "k:NoExecute" not found\' >&2; exit 1;; esac'
    )
    changes = {
        "w": {"labels": ["rack=13", "old-"], "taints": ["gpu=b:NoSchedule", "k:NoExecute-", "l=1:NoSchedule"]},
        "x": {"labels": [], "taints": ["m:NoSchedule-"]},
        "y": {"labels": ["disk=ssd"], "taints": []},
    }
    played = stage.play(stage.own("members.yml"), bin_dir=str(stage.programs), changes=changes, absent=["z"])
    assert played.status == 0, played.output
    assert stage.ran == [
        f"{KUBECTL} label node w --overwrite rack=13 old-",
        f"{KUBECTL} label node y --overwrite disk=ssd",
        f"{KUBECTL} taint node w --overwrite gpu=b:NoSchedule",
        f"{KUBECTL} taint node w --overwrite l=1:NoSchedule",
        f"{KUBECTL} taint node w k:NoExecute-",
        f"{KUBECTL} taint node x m:NoSchedule-",
        f"{KUBECTL} get node z --ignore-not-found --output=name",
    ]


FAILING: Mapping[str, tuple[str, dict[str, object]]] = {
    "a taint taken from a node that is not there": (
        "echo 'Error from server (NotFound): nodes \"w\" not found' >&2; exit 1",
        {"changes": {"w": {"labels": [], "taints": ["k:NoExecute-"]}}},
    ),
    "a node that is still there": ("echo node/w", {"absent": ["w"]}),
    "an API that does not answer": ("echo 'connection refused' >&2; exit 1", {"absent": ["w"]}),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_is_not_as_declared_afterwards_is_a_failure(stage: Stage, case: str) -> None:
    kubectl, variables = FAILING[case]
    stage.stub("kubectl", kubectl)
    played = stage.play(stage.own("members.yml"), bin_dir=str(stage.programs), **variables)
    assert played.status == 2
    assert len(stage.ran) == 1
    assert "  m: " in played.failures


KUBEADM = """\
here=$(dirname "$(eval echo "\\${$#}")")
case $* in
*control-plane*) cp "$here/new"/* "$here/manifests/" && : >"$here/written" ;;
esac"""
# The pods of m and n are known by their last letter. The old pod of m still answers when it is asked first.
CONTROL_PLANE_KUBECTL = """\
for word; do case $word in kube-*-[mno]) pod=$word;; esac; done
host="ROOT/${pod##*-}"
case $* in
*replace*) cat >"ROOT/replaced" ;;
*cluster-info*) printf 'server: https://127.0.0.1:6443\\nother: 1\\n' ;;
*Ready*)
    if [ -e "$host/asked" ]; then echo "new True"; else echo "old True"; : >"$host/asked"; fi
    ;;
*) echo old ;;
esac"""


def kubeconfig(server: str) -> str:
    return f"clusters:\n- cluster:\n    server: https://{server}:6443\n  name: server\n"


def test_control_plane_nodes_take_over_one_by_one_and_the_first_tells_those_who_join(stage: Stage) -> None:
    stage.stub("kubeadm", KUBEADM)
    stage.stub("kubectl", CONTROL_PLANE_KUBECTL.replace("ROOT", str(stage.root)))
    for host in ("m", "n", "o"):
        for name in ("manifests", "new"):
            (stage.root / host / name).mkdir(parents=True)
            for component in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
                (stage.root / host / name / f"{component}.yaml").write_text("as it was", encoding="utf-8")
    (stage.root / "m" / "new" / "kube-apiserver.yaml").write_text("with new arguments", encoding="utf-8")
    for host in ("m", "n"):  # on o there is nothing to take over
        (stage.root / host / "kubeadm-config.yaml").write_text("", encoding="utf-8")
    asked = {  # that of the first, one's own and a balancer are fine; on o there is nothing to take over
        "m/admin.conf": ("o", "m"),
        "m/super-admin.conf": ("m", "m"),
        "n/admin.conf": ("o", "n"),
        "n/super-admin.conf": ("m", "m"),
        "n/config": ("api.example.org", "api.example.org"),
        "o/admin.conf": ("n", "n"),
    }
    for name, (server, _) in asked.items():
        (stage.root / name).write_text(kubeconfig(ADDRESSES.get(server, server)), encoding="utf-8")
        (stage.root / name).chmod(0o600)
    place = f"{stage.root}/{{{{ inventory_hostname }}}}"
    played = stage.play(
        stage.own("control_plane.yml"),
        kubeconfigs=[f"{place}/{name}" for name in ("admin.conf", "super-admin.conf", "config")],
        bin_dir=str(stage.programs),
        config=f"{place}/kubeadm-config.yaml",
        manifests=f"{place}/manifests",
        kube_apiserver_port=8443,
    )
    assert played.status == 0, played.output
    ran = stage.ran
    kubeadm = [line for line in ran if line.startswith("kubeadm ")]
    assert kubeadm == [
        f"kubeadm init phase control-plane all --config {stage.root}/m/kubeadm-config.yaml",
        f"kubeadm init phase upload-config kubeadm --config {stage.root}/m/kubeadm-config.yaml",
        f"kubeadm init phase control-plane all --config {stage.root}/n/kubeadm-config.yaml",
    ]
    waiting = [line for line in ran if "Ready" in line]
    assert len(waiting) == 2
    assert all("get pod kube-apiserver-m " in line for line in waiting)
    assert ran.index(kubeadm[0]) < ran.index(waiting[-1]) < ran.index(kubeadm[2])
    assert not [line for line in ran for component in ("apiserver", "scheduler") if f"kube-{component}-o" in line]
    replaced = (stage.root / "replaced").read_text(encoding="utf-8")
    assert replaced == "server: https://192.168.0.109:8443\nother: 1\n"
    for name, (_, server) in asked.items():
        file = stage.root / name
        assert file.read_text(encoding="utf-8") == kubeconfig(ADDRESSES.get(server, server)), name
        assert file.stat().st_mode & 0o777 == 0o600


def test_what_another_deployer_knows_is_taken_over_and_then_taken_from_it(stage: Stage, place: Place) -> None:
    stage.stub("systemctl", "echo inactive; exit 3")
    known = replace(declared(parse(cluster(), read), "v1"), deployer="n")
    files = {
        "m": ["revision"],
        "n": ["applied.json", "inventory/hosts.yml", "credentials/token", "secrets.applied.json", "id_ed25519"],
        "o": ["log"],
    }
    for host, names in files.items():
        for name in names:
            file = stage.root / host / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{name} of {host}", encoding="utf-8")
    (stage.root / "n" / "secrets.applied.json").write_text("{}", encoding="utf-8")
    (stage.root / "n" / "applied.json").write_text(json.dumps(to_data(known)), encoding="utf-8")
    where = {"deployer": "m", "state": f"{stage.root}/{{{{ inventory_hostname }}}}"}
    adopted = stage.root / "adopted"
    played = stage.play(stage.own("adopt.yml"), adopted=str(adopted), **where)
    assert played.status == 0, played.output
    assert played.progress[-1].endswith("tasks on 3 hosts: 1 changes, failed on 0 hosts")
    assert adopted.stat().st_mode & 0o777 == 0o600
    content = adopted.read_text(encoding="ascii")
    assert content not in played.output
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(content))) as taken:
        assert {"secrets.applied.json", "inventory/hosts.yml"} <= set(taken.getnames())
        assert not {"id_ed25519", "log"} & set(taken.getnames())

    done = place.converge(cluster(), known_elsewhere=content)
    assert [run.playbook for run in done.runs] == ["boilerplate.yml", "adopt.yml", "hand_over.yml"]
    assert place.known == replace(known, deployer="m")
    assert (place.state / "credentials" / "token").read_text(encoding="utf-8") == "credentials/token of n"
    assert not (place.state / "id_ed25519").exists()

    uploads = stage.root / ".stretched"  # HOME is one for all hosts here
    left = {f"nodes/{host}/{kind}" for host in "mno" for kind in ("node", "playbooks", "inventory")}
    for name in (*left, "playbooks", "inventory"):
        (uploads / name).mkdir(parents=True)
    for host, kind in product("mno", ("node", "playbooks", "inventory")):
        (stage.root / "taken" / host / kind).mkdir(parents=True)
    where["taken_over"] = f"{stage.root}/taken/{{{{ inventory_hostname }}}}"
    assert stage.play(stage.own("hand_over.yml"), **where).status == 0
    assert [host for host in ("m", "n", "o") if (stage.root / host).exists()] == ["m"]
    kept = {"m/node", "m/playbooks", "m/inventory", "n/node", "o/node"}
    assert {str(path.relative_to(uploads / "nodes")) for path in uploads.glob("nodes/*/*")} == kept
    assert {str(path.relative_to(stage.root / "taken")) for path in stage.root.glob("taken/*/*")} == kept
    assert [path.name for path in uploads.iterdir()] == ["nodes"]


def test_hosts_that_share_a_home_clear_it_at_the_same_moment(stage: Stage) -> None:
    shared = replace(stage, groups={"all": list("mnopqr")}, host_variables={})
    for kind, number in product(("playbooks", "inventory"), range(1000)):  # long enough to be in each other's way
        (stage.root / ".stretched" / kind / str(number)).mkdir(parents=True)
    where = {"deployer": "m", "state": f"{stage.root}/state", "taken_over": f"{stage.root}/taken"}
    played = shared.play(stage.own("hand_over.yml"), **where)
    assert played.status == 0, played.failures
    assert list((stage.root / ".stretched").iterdir()) == []


def test_nothing_is_taken_over_while_a_run_goes_on_elsewhere(stage: Stage) -> None:
    stage.stub("systemctl", "echo active")
    (stage.root / "o").mkdir()
    (stage.root / "o" / "applied.json").write_text("{}", encoding="utf-8")
    adopted = stage.root / "adopted"
    state = f"{stage.root}/{{{{ inventory_hostname }}}}"
    played = stage.play(stage.own("adopt.yml"), deployer="m", state=state, adopted=str(adopted))
    assert played.status == 2
    assert not adopted.exists()
    assert "TASK Check that no run is in progress there\n" in played.failures
    assert "  o: active\n" in played.failures


def test_nothing_is_installed_over_a_cluster_that_nobody_knows(stage: Stage) -> None:
    """Its deployer may have been removed in the same edit as another one was declared."""
    stage.stub("systemctl", "echo inactive")
    here = {
        "state": f"{stage.root}/{{{{ inventory_hostname }}}}",
        "membership": f"{stage.root}/{{{{ inventory_hostname }}}}/kubelet.conf",
    }
    words = {"deployer": "m", "adopted": str(stage.root / "adopted"), **here}
    assert stage.play(stage.own("adopt.yml"), **words).status == 0
    (stage.root / "o").mkdir()
    (stage.root / "o" / "kubelet.conf").touch()
    played = stage.play(stage.own("adopt.yml"), **words)
    assert played.status == 2
    assert (
        "  o: This host is in a cluster already, and no declared node has the state of that cluster." in played.failures
    )
    (stage.root / "o" / "applied.json").write_text("{}", encoding="utf-8")
    assert stage.play(stage.own("adopt.yml"), **words).status == 0


def test_ansible_has_the_groups_in_the_order_in_which_nodes_joined(stage: Stage, place: Place) -> None:
    place.install(cluster())
    place.converge(cluster(leaders="a b m"))
    inventory = place.state / "inventory"
    done = stage.run("inventory", "--list", "-i", str(inventory / "order.json"), "-i", str(inventory / "hosts.yml"))
    assert done.returncode == 0, done.stderr
    groups = json.loads(done.stdout)
    assert groups["kube_control_plane"]["hosts"] == groups["etcd"]["hosts"] == ["m", "a", "b"]
    assert set(groups["kube_node"]["hosts"]) == {"x", "y"}
    assert groups["_meta"]["hostvars"]["a"]["ip"] == f"192.168.0.{ord('a')}"
    assert groups["_meta"]["hostvars"]["a"]["kube_version"] == "1.35.3"
