"""What the stand-in would put on hosts, rendered on this machine by Ansible from the program's own inventory."""

from pathlib import Path

import pytest
import yaml

from tests.standin.inventory import Inventory
from tests.support.ansible_core import STANDIN, Ansible

ROLE = STANDIN / "playbooks" / "roles" / "standin"
SCRIPTS = sorted((ROLE / "files").glob("*.sh"))
FIRST, WORKER = "uchicago002.hl-lhc.io", "uvic001.hl-lhc.io"
PATCHES = "/etc/kubespray-standin/patches"


def render(ansible: Ansible, inventory: Inventory, directory: Path, template: str, host: str) -> str:
    """Render one template of the role with the variables of one host, as a task of the role would."""
    play = {
        "hosts": host,
        "gather_facts": False,
        "connection": "local",
        "vars": {"credentials": {"token": "t", "hash": "h", "certificate_key": "k"}},
        "tasks": [
            {"ansible.builtin.import_role": {"name": str(ROLE), "tasks_from": "validate.yml"}},
            {
                "ansible.builtin.copy": {
                    "content": f"{{{{ lookup('ansible.builtin.template', '{ROLE}/templates/{template}') }}}}",
                    "dest": str(directory / "rendered"),
                    "mode": "0600",
                }
            },
        ],
    }
    (directory / "render.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    result = ansible(str(directory / "render.yml"), inventory.write(directory))
    assert result.returncode == 0, result.stdout + result.stderr
    return (directory / "rendered").read_text(encoding="utf-8")


def documents(text: str) -> dict[str, dict[str, object]]:
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def arguments(component: object) -> dict[str, str]:
    assert isinstance(component, dict)
    return {argument["name"]: argument["value"] for argument in component["extraArgs"]}


def test_kubeadm_gets_the_variables_of_kubespray(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    good.variables.update(
        kube_version="1.35.4",
        kube_pods_subnet="10.200.0.0/16",
        kube_service_addresses="10.100.0.0/16",
        supplementary_addresses_in_ssl_keys=["api.example.org", "192.0.2.2"],
        etcd_heartbeat_interval="500",
        etcd_election_timeout="10000",
        kubelet_fail_cgroup_v1=False,
        kubelet_feature_gates=["KubeletInUserNamespace=true"],
        kube_proxy_mode="iptables",
        kube_proxy_nodeport_addresses_cidr="192.168.0.0/24",
        kubeadm_ignore_preflight_errors=["SystemVerification"],
    )
    kinds = documents(render(ansible, good, tmp_path, "kubeadm-config.yaml.j2", FIRST))
    init, cluster = kinds["InitConfiguration"], kinds["ClusterConfiguration"]
    assert init["localAPIEndpoint"] == {"advertiseAddress": "192.168.0.2", "bindPort": 6443}
    assert cluster["kubernetesVersion"] == "v1.35.4"
    assert cluster["controlPlaneEndpoint"] == "192.168.0.2:6443"
    assert cluster["networking"] == {
        "dnsDomain": "cluster.local",
        "serviceSubnet": "10.100.0.0/16",
        "podSubnet": "10.200.0.0/16",
    }
    api_server = cluster["apiServer"]
    assert isinstance(api_server, dict)
    addresses = {"192.168.0.2", "192.168.0.3", "192.168.0.4", "127.0.0.1", "192.0.2.2"}
    assert {*good.groups["kube_control_plane"], *addresses, "api.example.org"} <= set(api_server["certSANs"])
    etcd = cluster["etcd"]
    assert isinstance(etcd, dict)
    assert arguments(etcd["local"]) == {"heartbeat-interval": "500", "election-timeout": "10000"}
    assert arguments(cluster["controllerManager"])["node-monitor-grace-period"] == "2m"
    kubelet, proxy = kinds["KubeletConfiguration"], kinds["KubeProxyConfiguration"]
    assert (kubelet["failCgroupV1"], kubelet["failSwapOn"]) == (False, True)
    assert kubelet["featureGates"] == {"KubeletInUserNamespace": True}
    assert kubelet["nodeStatusUpdateFrequency"] == "20s"
    assert (proxy["mode"], proxy["nodePortAddresses"]) == ("iptables", ["192.168.0.0/24"])
    node = init["nodeRegistration"]
    assert isinstance(node, dict)
    assert node["ignorePreflightErrors"] == ["SystemVerification"]
    assert {"name": "node-ip", "value": "192.168.0.2"} in node["kubeletExtraArgs"]


def test_a_node_s_kubelet_refuses_cgroup_v1_where_the_node_says_so(
    ansible: Ansible, good: Inventory, tmp_path: Path
) -> None:
    """kubeadm gives all kubelets the configuration that the first node wrote: what a node has otherwise is a patch there."""
    good.hosts[FIRST]["kubelet_fail_cgroup_v1"] = False
    for host, refuses in ((FIRST, False), (WORKER, True)):
        (tmp_path / host).mkdir()
        patch = render(ansible, good, tmp_path / host, "kubelet-patch.yaml.j2", host)
        assert yaml.safe_load(patch) == {"failCgroupV1": refuses}
    for template, kind in (
        ("kubeadm-config.yaml.j2", "InitConfiguration"),
        ("kubeadm-join.yaml.j2", "JoinConfiguration"),
    ):
        (tmp_path / kind).mkdir()
        configuration = documents(render(ansible, good, tmp_path / kind, template, FIRST))[kind]
        assert configuration["patches"] == {"directory": PATCHES}
    (tmp_path / "upgrade").mkdir()
    upgrade = yaml.safe_load(render(ansible, good, tmp_path / "upgrade", "kubeadm-upgrade.yaml.j2", FIRST))
    assert [upgrade[part]["patches"]["directory"] for part in ("apply", "node")] == [PATCHES, PATCHES]


@pytest.mark.parametrize("also_worker", [False, True])
def test_a_control_plane_takes_pods_only_when_it_is_a_worker_too(
    ansible: Ansible, good: Inventory, tmp_path: Path, also_worker: bool
) -> None:
    if also_worker:
        good.groups["kube_node"].append(FIRST)
    kinds = documents(render(ansible, good, tmp_path, "kubeadm-config.yaml.j2", FIRST))
    node = kinds["InitConfiguration"]["nodeRegistration"]
    assert isinstance(node, dict)
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    assert node["taints"] == ([] if also_worker else [taint])


def test_a_worker_joins_at_the_first_control_plane(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    join = documents(render(ansible, good, tmp_path, "kubeadm-join.yaml.j2", WORKER))["JoinConfiguration"]
    discovery, node = join["discovery"], join["nodeRegistration"]
    assert isinstance(discovery, dict)
    assert isinstance(node, dict)
    assert discovery["bootstrapToken"]["apiServerEndpoint"] == "192.168.0.2:6443"
    assert node["name"] == WORKER
    assert "controlPlane" not in join


def test_a_declared_port_is_that_of_every_api_server(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    good.variables["kube_apiserver_port"] = 8443
    for name in ("config", "join"):
        (tmp_path / name).mkdir()
    first = documents(render(ansible, good, tmp_path / "config", "kubeadm-config.yaml.j2", FIRST))
    assert first["InitConfiguration"]["localAPIEndpoint"] == {"advertiseAddress": "192.168.0.2", "bindPort": 8443}
    assert first["ClusterConfiguration"]["controlPlaneEndpoint"] == "192.168.0.2:8443"
    join = documents(render(ansible, good, tmp_path / "join", "kubeadm-join.yaml.j2", WORKER))["JoinConfiguration"]
    assert isinstance(join["discovery"], dict)
    assert join["discovery"]["bootstrapToken"]["apiServerEndpoint"] == "192.168.0.2:8443"


@pytest.mark.parametrize(("servers", "forwards"), [([], False), (["192.0.2.53", "192.0.2.54"], True)])
def test_coredns_forwards_only_where_there_are_name_servers(
    ansible: Ansible, good: Inventory, tmp_path: Path, servers: list[str], forwards: bool
) -> None:
    good.variables["upstream_dns_servers"] = servers
    corefile = yaml.safe_load(render(ansible, good, tmp_path, "coredns.yaml.j2", FIRST))["data"]["Corefile"]
    assert ("forward . 192.0.2.53 192.0.2.54 {" in corefile) == forwards
    assert "kubernetes cluster.local " in corefile


def test_pods_get_the_mtu_that_the_program_derived(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    good.variables["calico_mtu"] = 1312
    assert "mtu=1312\n" in render(ansible, good, tmp_path, "pod-network.env.j2", WORKER)


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.name not in ("lib.sh", "pod-network.sh")], ids=lambda path: path.name
)
def test_no_command_can_eat_the_script_that_comes_over_standard_input(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "main </dev/null"
    # and nothing runs before all of it was read: functions, guards and comments only
    outside = [
        line for line in lines[:-1] if line and not line.startswith((" ", "}", "#", ": ")) and "() {" not in line
    ]
    assert outside == []
