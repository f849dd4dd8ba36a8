"""Checks of ports that Kubespray's variables set, and of WireGuard's among those of the cluster."""

from collections.abc import Iterator, Mapping

from components.model.check.paths import path_of
from components.model.cluster.ports import API_PORT, NODE_PORT_RANGE, overlay_port, written_port, written_range
from components.model.problems import Problems, shown
from components.model.spec import Spec

_OTHERS = {22: "SSH's", 2379: "etcd's", 2380: "etcd's", 10250: "kubelet's", 10256: "kube-proxy's"}
"""TCP ports of a control-plane node that are always in use, and by whom."""


def check_cluster_ports(spec: Spec, problems: Problems) -> None:
    """Report values that are not ports, and ports that are in use on the host."""
    overlay = overlay_port(spec.kubernetes)
    if spec.mesh.listen_port == overlay:
        what = f"{overlay} is VXLAN's, of the pods (kubernetes.networkPlugin: {spec.kubernetes.network_plugin})"
        problems.add("port-taken", "mesh.listenPort", what, "choose another port, such as 51820")
    for path, variables in _variables(spec):
        _api_port(path, variables, problems)
        value = variables.get(NODE_PORT_RANGE)
        if value is not None and written_range(value) is None:
            what = f"{shown(value)} is not a range of ports"
            problems.add("not-a-port-range", f"{path}.{NODE_PORT_RANGE}", what, 'write for example "30000-32767"')


def _variables(spec: Spec) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield "kubernetes.variables", spec.kubernetes.variables
    yield from ((path_of(node, "variables"), node.variables) for node in spec.nodes)


def _api_port(path: str, variables: Mapping[str, object], problems: Problems) -> None:
    value = variables.get(API_PORT)
    if value is None:
        return
    port = written_port(value)
    if port is None:
        what = f"{shown(value)} is not a port from 1 to 65535"
        problems.add("not-a-port", f"{path}.{API_PORT}", what, "write for example 6443")
    elif port in _OTHERS:
        problems.add("port-taken", f"{path}.{API_PORT}", f"{port} is {_OTHERS[port]}", "choose another port")
