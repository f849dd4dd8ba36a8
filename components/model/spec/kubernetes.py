"""Declaration of the Kubernetes cluster and of Kubespray."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from components.model.spec.endpoint import Endpoint


@dataclass(frozen=True)
class Kubespray:
    """Source of the playbooks: a directory on the machine where Pulumi runs, or a git repository at a commit."""

    directory: Path | None
    repository: str | None
    commit: str | None
    """40 hexadecimal digits."""
    wheelhouse: Path | None
    """Directory of Python wheels for a deployer without internet; None: the deployer uses its package index."""


@dataclass(frozen=True)
class Kubernetes:
    """The Kubernetes cluster."""

    version: str
    """Version of Kubernetes without a leading v, as Kubespray expects it."""
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    node_prefix: int
    """Prefix length of each node's part of pod_cidr."""
    network_plugin: str
    """One of defaults.NETWORK_PLUGINS."""
    api: Endpoint | None
    """TCP endpoint of the API outside the mesh; None: the API is reached over wg0 only."""
    deployer: str
    """Name of the node that runs the playbooks; empty: the one that did, see model/cluster/leaders.py."""
    first_control_plane: str
    """Name of the first control-plane node; empty: the nodes keep the order in which they joined."""
    rotation: str
    """Any text; a change of it runs cluster.yml, which makes a new certificate for the kubeconfig."""
    kubespray: Kubespray
    variables: Mapping[str, object] = field(default_factory=dict)
    """The user's own Kubespray variables."""
