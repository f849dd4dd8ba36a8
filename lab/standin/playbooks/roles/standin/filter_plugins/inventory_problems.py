"""What is wrong with an inventory: Kubespray's own checks (role validate_inventory), and those that it leaves out."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

Network = ipaddress.IPv4Network
Variables = Mapping[str, object]

OLDEST = (1, 33, 0)  # kube_version_min_required of Kubespray v2.31.0
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
NAME = "[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
LABEL = re.compile(f"([a-z0-9.-]+/)?{NAME}=({NAME})?")
TAINT = re.compile(r"[A-Za-z0-9./_-]+(=[A-Za-z0-9._-]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
BOOLEANS = (
    "kubeconfig_localhost",
    "kubelet_fail_cgroup_v1",
    "kubelet_fail_swap_on",
    "reset_nodes",
    "allow_ungraceful_removal",
)


def inventory_problems(
    groups: Mapping[str, Sequence[str]], hosts: Mapping[str, Variables], settings: Variables
) -> list[str]:
    """All problems at once, each a sentence; none for a good inventory. The settings are Kubespray's variables."""
    nodes = list(groups.get("k8s_cluster", ()))
    return [
        *_groups(groups),
        *_version(settings["kube_version"]),
        *_hosts(nodes, hosts),
        *_networks(nodes, hosts, settings),
        *_choices(settings),
    ]


def _groups(groups: Mapping[str, Sequence[str]]) -> Iterable[str]:
    control_plane, etcd = groups.get("kube_control_plane", ()), groups.get("etcd", ())
    for name in ("k8s_cluster", "kube_control_plane", "etcd"):
        if not groups.get(name):
            yield f"group {name} is empty"
    if etcd and len(etcd) % 2 == 0:
        yield f"group etcd has {len(etcd)} members: it needs an odd number"
    if control_plane and etcd and set(control_plane) != set(etcd):
        yield "groups etcd and kube_control_plane differ: the stand-in stacks etcd on the control plane"
    for name in ("kube_control_plane", "kube_node"):
        for host in sorted(set(groups.get(name, ())) - set(groups.get("k8s_cluster", ()))):
            yield f"{host} is in {name} and not in k8s_cluster"


def _version(version: object) -> Iterable[str]:
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"kube_version is {version!r}: it must be a string like '1.35.4', without a leading v"
    elif tuple(map(int, version.split("."))) < OLDEST:
        yield f"kube_version {version} is older than {'.'.join(map(str, OLDEST))}"


def _hosts(nodes: Sequence[str], hosts: Mapping[str, Variables]) -> Iterable[str]:
    for node in nodes:
        variables = hosts[node]
        if not HOST_NAME.fullmatch(node):
            yield f"{node}: not a lower-case DNS name"
        for name in ("ip", "access_ip"):
            value = variables.get(name, variables.get("ip"))
            if value is None or _address(value) is None:
                yield f"{node}: {name} is {value!r}, not an IPv4 address"
        labels = variables.get("node_labels", {})
        if not isinstance(labels, Mapping):
            yield f"{node}: node_labels must be a dictionary (Kubespray would ignore them)"
        else:
            for key, value in labels.items():
                if not isinstance(value, str) or not LABEL.fullmatch(f"{key}={value}"):
                    yield f"{node}: node_labels: {key}: {value!r} is not a label"
        taints = variables.get("node_taints", [])
        if isinstance(taints, str) or not isinstance(taints, Sequence):
            yield f"{node}: node_taints must be a list (Kubespray would ignore them)"
        else:
            yield from (
                f"{node}: node_taints: {taint!r} is not key=value:Effect"
                for taint in taints
                if not TAINT.fullmatch(str(taint))
            )
    for address, times in Counter(str(hosts[node].get("ip")) for node in nodes).items():
        if times > 1:
            yield f"ip {address} is given to {', '.join(n for n in nodes if str(hosts[n].get('ip')) == address)}"


def _networks(nodes: Sequence[str], hosts: Mapping[str, Variables], settings: Variables) -> Iterable[str]:
    networks: dict[str, Network] = {}
    for name in ("kube_service_addresses", "kube_pods_subnet"):
        try:
            networks[name] = Network(str(settings[name]))
        except ValueError as error:
            yield f"{name}: {error}"
    for (name, network), (other_name, other) in combinations(networks.items(), 2):
        if network.overlaps(other):
            yield f"{name} {network} overlaps {other_name} {other}"
    for node in nodes:
        address = _address(hosts[node].get("ip"))
        for name, network in networks.items():
            if address is not None and address in network:
                yield f"{node}: ip {address} lies in {name} {network}"
    prefix, pods_per_node = settings["kube_network_node_prefix"], settings["kubelet_max_pods"]
    if not isinstance(prefix, int) or not 8 <= prefix <= 30:
        yield f"kube_network_node_prefix is {prefix!r}: it must be a number from 8 to 30"
        return
    if not isinstance(pods_per_node, int) or pods_per_node > 2 ** (32 - prefix) - 2:
        yield f"kubelet_max_pods is {pods_per_node!r}: a /{prefix} for each node holds {2 ** (32 - prefix) - 2}"
    pods = networks.get("kube_pods_subnet")
    if pods and (prefix < pods.prefixlen or 2 ** (prefix - pods.prefixlen) < len(nodes)):
        yield f"kube_pods_subnet {pods} is too small for {len(nodes)} nodes with a /{prefix} each"


def _choices(settings: Variables) -> Iterable[str]:
    if settings["kube_network_plugin"] != "calico":
        yield f"kube_network_plugin is {settings['kube_network_plugin']!r}: the stand-in takes the place of calico only"
    if settings["kube_proxy_mode"] not in ("nftables", "iptables"):
        yield f"kube_proxy_mode is {settings['kube_proxy_mode']!r}: the stand-in offers nftables and iptables"
    mtu = settings["calico_mtu"]
    if not isinstance(mtu, int) or isinstance(mtu, bool) or not 576 <= mtu <= 9000:
        yield f"calico_mtu is {mtu!r}: it must be a number from 576 to 9000"
    if not str(settings["files_repo"]).startswith("file:///"):
        yield f"files_repo is {settings['files_repo']!r}: the stand-in reads a directory on every host, like file:///opt/mirror"
    for name in BOOLEANS:
        if not isinstance(settings[name], bool):
            yield f"{name} is {settings[name]!r}: it must be true or false (on the command line: as JSON)"


def _address(value: object) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(str(value))
    except ValueError:
        return None


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Give the filter its name in templates."""
        return {"inventory_problems": inventory_problems}
