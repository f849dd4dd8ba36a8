"""From the specification to what playbooks shall bring about."""

import hashlib
import json

from components.model.cluster.inventory import host_entry
from components.model.cluster.kubespray_variables import group_vars
from components.model.cluster.leaders import leaders
from components.model.convergence.state import Member, State
from components.model.spec import Node, Spec

_ELSEWHERE = {"kube_version", "supplementary_addresses_in_ssl_keys"}
"""Variables that are not settings: the version has its own playbook, the addresses follow the control-plane nodes."""
_OF_MEMBERS = {"ansible_host", "ansible_port", "ip", "access_ip", "node_labels", "node_taints", "etcd_member_name"}


def declared(spec: Spec, playbooks: str, known: State | None = None) -> State:
    """Return the declared state; `playbooks` names the revision of Kubespray, `known` is what is applied."""
    kubernetes = spec.kubernetes
    settings = {name: value for name, value in group_vars(spec).items() if name not in _ELSEWHERE}
    return State(
        version=kubernetes.version,
        fixed={
            "kubernetes.podCidr": str(kubernetes.pod_cidr),
            "kubernetes.serviceCidr": str(kubernetes.service_cidr),
            "kubernetes.nodePrefix": str(kubernetes.node_prefix),
            "kubernetes.networkPlugin": kubernetes.network_plugin,
        },
        settings=_digest([settings, playbooks, kubernetes.rotation, str(kubernetes.api)]),
        members={node.name: _member(node) for node in spec.nodes},
        order=tuple(node.name for node in spec.nodes),
        deployer=leaders(spec, known).deployer,
        first=kubernetes.first_control_plane,
    )


def _member(node: Node) -> Member:
    entry = host_entry(node)
    labels = entry["node_labels"]
    assert isinstance(labels, dict)  # noqa: S101 - as host_entry makes it
    own = {name: value for name, value in entry.items() if name not in _OF_MEMBERS}
    return Member(node.roles, str(node.address), labels, node.taints, _digest(own), _digest(node.ssh.host_key))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
