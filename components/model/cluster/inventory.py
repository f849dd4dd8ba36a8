"""Kubespray's inventory: hosts and groups."""

from collections.abc import Sequence

from components.model.spec import CONTROL_PLANE, ETCD, WORKER, Node, Spec, defaults


def host_entry(node: Node) -> dict[str, object]:
    """Return one host's variables: the fields of the users' notes, taints where declared, the user's own."""
    address = str(node.address)
    entry: dict[str, object] = {
        "ansible_host": address,
        "ip": address,
        "access_ip": address,
        "node_labels": {"site": node.site, "institution": node.institution, **node.labels},
    }
    if ETCD in node.roles:
        entry["etcd_member_name"] = node.name
    if node.taints:
        entry["node_taints"] = list(node.taints)
    if node.ssh.user != "root":
        entry["ansible_user"] = node.ssh.user
    if node.ssh.mesh_port != defaults.SSH_PORT:
        entry["ansible_port"] = node.ssh.mesh_port
    return {**entry, **node.variables}


def inventory(spec: Spec, order: Sequence[str] = ()) -> dict[str, object]:
    """Return the inventory as data.

    The hosts of a group stand in `order`, which has all nodes, or in the order of the nodes where none is given: the
    first of kube_control_plane and the first of etcd lead.
    """
    ordered = [spec.node(name) for name in order] or spec.nodes

    def group(role: str) -> dict[str, object]:
        return {"hosts": {node.name: {} for node in ordered if role in node.roles}}

    return {
        "all": {
            "hosts": {node.name: host_entry(node) for node in spec.nodes},
            "children": {
                "kube_control_plane": group(CONTROL_PLANE),
                "etcd": group(ETCD),
                "kube_node": group(WORKER),
                "k8s_cluster": {"children": {"kube_control_plane": {}, "kube_node": {}}},
            },
        }
    }
