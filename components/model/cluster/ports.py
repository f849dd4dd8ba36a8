"""Ports of the cluster that a variable of Kubespray may set."""

import re

from components.model.spec import Kubernetes, defaults

API_PORT = "kube_apiserver_port"
NODE_PORT_RANGE = "kube_apiserver_node_port_range"
_NODE_PORTS = range(30000, 32768)


def node_ports(kubernetes: Kubernetes) -> range:
    """Return the range of NodePorts; Kubernetes' default where the variable cannot be read, which is noted."""
    return written_range(kubernetes.variables.get(NODE_PORT_RANGE)) or _NODE_PORTS


def written_range(value: object) -> range | None:
    """Return what `20000-20100` says; None when it is another form or no range of ports."""
    form = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", str(value)) if isinstance(value, str) else None
    first, last = (int(form[1]), int(form[2])) if form else (0, 0)
    return range(first, last + 1) if 1 <= first <= last <= 65535 else None


def overlay_port(kubernetes: Kubernetes) -> int:
    """Return the UDP port of VXLAN between the nodes: Flannel has the one of Linux before it had a number."""
    return 8472 if kubernetes.network_plugin == "flannel" else 4789


def api_port(kubernetes: Kubernetes) -> int:
    """Return the port of the API server; the default where the variable cannot be read, which is noted."""
    return written_port(kubernetes.variables.get(API_PORT)) or defaults.API_PORT


def written_port(value: object) -> int | None:
    """Return a port that is written as a number, or as its digits; None when it is none."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch("[0-9]{1,5}", value) else 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 65535:
        return None
    return int(value) if value == int(value) else None
