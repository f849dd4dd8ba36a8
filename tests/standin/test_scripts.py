"""Parts of the stand-in's host scripts that need no host."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.ansible_core import STANDIN

FILES = STANDIN / "playbooks" / "roles" / "standin" / "files"
EMPTY_TABLE = """\
# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat {
\tchain PREROUTING {
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t}

\tchain POSTROUTING {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t}
}
"""


def call(script: str, command: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the functions of the library and of one script, whose last line would start it."""
    functions = (FILES / script).read_text(encoding="utf-8").removesuffix("main </dev/null\n")
    given = "".join(f"{name}={shlex.quote(value)}\n" for name, value in {"node": "n", **settings}.items())
    text = f"{given}{(FILES / 'lib.sh').read_text(encoding='utf-8')}\n{functions}\n{command}\n"
    return subprocess.run(["sh", "-c", text], input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("running", "wanted"),
    [("none", "1.35.4"), ("1.35.4", "1.35.4"), ("1.35.3", "1.35.4"), ("1.35.9", "1.35.10"), ("1.34.9", "1.35.0")],
)
def test_kubernetes_goes_on_by_patches_and_one_minor_version(running: str, wanted: str) -> None:
    done = call("reset.sh", f"version_step {running} {wanted}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("running", "wanted", "message"),
    [
        ("1.34.8", "1.36.1", "no minor version can be skipped, so upgrade to a 1.35 first"),
        ("1.9.0", "1.11.0", "no minor version can be skipped, so upgrade to a 1.10 first"),
        ("1.35.4", "1.35.3", "there is no way back to an older version"),
        ("1.35.10", "1.35.9", "there is no way back to an older version"),
        ("1.35.4", "1.34.9", "there is no way back to an older version"),
    ],
)
def test_a_step_that_kubernetes_does_not_support_is_refused(running: str, wanted: str, message: str) -> None:
    done = call("reset.sh", f"version_step {running} {wanted}")
    assert done.returncode == 1
    assert done.stderr == f"n: Kubernetes {running} runs here and kube_version is {wanted}: {message}\n"


def test_a_table_with_accepting_chains_alone_goes() -> None:
    assert call("reset.sh", "without_effect", EMPTY_TABLE).returncode == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("policy accept", "policy drop"),
        ("\t}\n\n", "\t\tip saddr 192.0.2.0/24 accept\n\t}\n\n"),
        ("chain PREROUTING", "chain OURS"),
        ("table ip nat {\n", "table ip nat {\n\tset admins {\n\t\ttype ipv4_addr\n\t}\n\n"),
    ],
)
def test_a_table_with_anything_of_the_host_s_stays(old: str, new: str) -> None:
    assert old in EMPTY_TABLE
    assert call("reset.sh", "without_effect", EMPTY_TABLE.replace(old, new, 1)).returncode == 1


def test_a_directory_that_holds_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "used").mkdir()
    (tmp_path / "used/file").touch()
    done = call("reset.sh", f"remove_empty {tmp_path}/empty {tmp_path}/used {tmp_path}/absent")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["used"]


def test_labels_and_taints_are_added_and_never_taken_away(tmp_path: Path) -> None:
    # as with Kubespray: what an administrator or the program set or removed besides is left alone
    nodes = "a|site=mwt2 zone=x |dedicated=dns:NoSchedule spot:NoExecute|yes\nb|||yes"
    stub = f'kubectl() {{ echo "$@" >>{tmp_path}/calls; }}\n'
    done = call("finish.sh", f"{stub}label", nodes=nodes, ready_timeout="1")
    assert done.returncode == 0, done.stderr
    kubectl = "--kubeconfig /etc/kubernetes/admin.conf"
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == [
        f"{kubectl} label node a site=mwt2 zone=x --overwrite",
        f"{kubectl} taint node a dedicated=dns:NoSchedule spot:NoExecute --overwrite",
    ]


def test_the_kubeconfig_is_kubeadm_s_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    stubs = (
        f'install_files() {{ echo "changed: a file"; }}\nkubeadm() {{ echo "$@" >{tmp_path}/call; echo KUBECONFIG; }}\n'
    )
    done = call("kubeconfig.sh", f"{stubs}main", client="kubernetes-admin-cluster.local")
    assert (done.returncode, done.stdout) == (0, "KUBECONFIG\n")  # nothing else: it is written to a file as it is
    assert (tmp_path / "call").read_text(encoding="utf-8").split() == [
        "kubeconfig",
        "user",
        "--client-name=kubernetes-admin-cluster.local",
        "--org=kubeadm:cluster-admins",
        "--config",
        "/etc/kubernetes/kubeadm-config.yaml",
    ]


def kubeconfig(server: str) -> str:
    return f"clusters:\n- cluster:\n    server: https://{server}\n  name: c\nusers:\n- name: 'server: https://x'\n"


FIRST_API, OWN_API, FORMER_API = "192.168.0.3:6443", "192.168.0.4:6443", "192.168.0.2:6443"


@pytest.mark.parametrize(
    ("named", "fine", "becomes"),
    [
        (FORMER_API, "", FIRST_API),
        (FORMER_API, OWN_API, FIRST_API),
        (FIRST_API, OWN_API, FIRST_API),
        (OWN_API, OWN_API, OWN_API),
        (OWN_API, "", FIRST_API),
    ],
)
def test_a_file_names_the_api_of_the_first_or_one_beside_it(
    tmp_path: Path, named: str, fine: str, becomes: str
) -> None:
    file = tmp_path / "kubelet.conf"
    file.write_text(kubeconfig(named), encoding="utf-8")
    file.chmod(0o600)
    for changes in (named != becomes, False):  # a second run finds nothing to do
        done = call("turn.sh", f"turn {file} {fine}", endpoint=FIRST_API, own=OWN_API)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (f"changed: {file}\n" if changes else "")
        assert file.read_text(encoding="utf-8") == kubeconfig(becomes)
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = call("turn.sh", f"turn {tmp_path}/super-admin.conf", endpoint=FIRST_API, own=OWN_API)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (0, "", [])


CLUSTER_KUBECTL = """\
kubectl() {
  echo "$@" >>{calls}
  case $* in
    *kubeadm-config*) printf 'apiServer: {}\ncontrolPlaneEndpoint: 192.168.0.2:6443\nkind: ClusterConfiguration\n' ;;
    *"get configmap"*) printf 'data:\n  kubeconfig: |\n        server: https://192.168.0.2:6443\n' ;;
    *replace*) cat >>{calls} ;;
  esac
}
"""


def move(directory: Path, endpoint: str, more: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run move.sh in a cluster whose API is at 192.168.0.2; return what was called, without kubectl's kubeconfig."""
    calls = directory / "calls"
    stubs = CLUSTER_KUBECTL.replace("{calls}", str(calls)) + "lock() { :; }\ninstall_files() { :; }\n"
    stubs += f'kubeadm() {{ echo kubeadm "$@" >>{calls}; }}\nlogs={directory}\n{more}'
    done = call("move.sh", f"{stubs}main", endpoint=endpoint)
    text = calls.read_text(encoding="utf-8").replace("--kubeconfig /etc/kubernetes/admin.conf ", "")
    return done, text.splitlines()


def test_another_first_control_plane_is_told_to_the_cluster_the_uploaded_configuration_last(tmp_path: Path) -> None:
    done, called = move(tmp_path, FIRST_API)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"changed: the API is at {FIRST_API} now, no more at {FORMER_API}\n"
    replaced = ["data:", "  kubeconfig: |", f"        server: https://{FIRST_API}"]
    assert called[1:] == [
        "-n kube-system get configmap kube-proxy -o yaml",
        "replace -f -",
        *replaced,
        "-n kube-system delete pods -l k8s-app=kube-proxy",
        "-n kube-public get configmap cluster-info -o yaml",
        "replace -f -",
        *replaced,
        "kubeadm init phase upload-config kubeadm --config /etc/kubernetes/kubeadm-config.yaml",
    ]


def test_the_cluster_is_told_nothing_that_it_knows(tmp_path: Path) -> None:
    done, called = move(tmp_path, FORMER_API)
    assert (done.returncode, done.stdout, len(called)) == (0, "", 1)


def test_a_cluster_that_does_not_say_where_its_api_is_is_left_alone(tmp_path: Path) -> None:
    silent = "patiently() { return 1; }\n"
    done, called = move(tmp_path, FIRST_API, f"touch {tmp_path}/calls\n{silent}")
    assert done.returncode == 1
    assert "n: the cluster does not say where its API is" in done.stderr
    assert called == []


@pytest.mark.parametrize("leaving", ["192.168.0.2", "192.168.0.3"])
def test_a_node_is_not_drained_while_the_others_reach_the_api_at_it(tmp_path: Path, leaving: str) -> None:
    settings = dict.fromkeys(("step", "etcd_peer", "grace_period", "drain_timeout", "retries", "retry_delay"), "1")
    done = call(
        "remove.sh",
        CLUSTER_KUBECTL.replace("{calls}", f"{tmp_path}/calls") + "drain",
        **settings,
        leaving="m",
        leaving_endpoint=leaving,
        ungraceful="no",
    )
    drained = "drain m --force" in (tmp_path / "calls").read_text(encoding="utf-8")
    if leaving == "192.168.0.2":
        assert done.returncode == 1
        assert (
            "m is the API's address (192.168.0.2:6443) for all other nodes: put another control plane first"
            in done.stderr
        )
        assert not drained
    else:
        assert (done.returncode, done.stdout) == (0, "changed: m drained\n")
        assert drained


@pytest.mark.parametrize(
    ("manifest", "same"),
    [("image: registry.k8s.io/etcd:3.6.6-0", True), ("image: registry.k8s.io/etcd:3.6.5-0", False), ("", False)],
)
def test_an_upgrade_restarts_etcd_only_for_another_etcd(tmp_path: Path, manifest: str, same: bool) -> None:
    (tmp_path / "kubeadm").write_text(
        "#!/bin/sh\necho registry.k8s.io/pause:3.10.1\necho registry.k8s.io/etcd:3.6.6-0\n"
    )
    (tmp_path / "kubeadm").chmod(0o755)
    (tmp_path / "etcd.yaml").write_text(f"  containers:\n  - {manifest}\n", encoding="utf-8")
    stub = f"programs={tmp_path} manifest={tmp_path}/etcd.yaml\nif same_etcd; then echo yes; else echo no; fi"
    done = call("upgrade.sh", stub, version="1.35.4", first="no")
    assert done.stdout == ("yes\n" if same else "no\n")
