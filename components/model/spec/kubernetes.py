"""The cluster, and where its playbooks come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from components.model.spec.endpoint import Endpoint


@dataclass(frozen=True)
class Kubespray:
    """Where the playbooks come from: a directory on the machine where Pulumi runs, or a git repository at a commit."""

    directory: Path | None
    repository: str | None
    commit: str | None
    """40 hexadecimal digits."""
    wheelhouse: Path | None
    """Directory of Python wheels for a deployer without internet; None: it installs from its package index."""


@dataclass(frozen=True)
class Kubernetes:
    """The cluster."""

    version: str
    """Without a leading v, as Kubespray wants it."""
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    node_prefix: int
    """Prefix length of each node's part of pod_cidr."""
    network_plugin: str
    api: Endpoint | None
    """Where the API is reached from outside the mesh, TCP; None: through wg0 only."""
    deployer: str
    """Name of the node that runs the playbooks; empty: the one that did, see model/cluster/leaders.py."""
    first_control_plane: str
    """Name of the control-plane node that shall be the first; empty: the order in which they joined stays."""
    rotation: str
    """Any text; changing it runs cluster.yml again, which makes a new certificate for the kubeconfig."""
    kubespray: Kubespray
    variables: Mapping[str, object] = field(default_factory=dict)
    """The user's own Kubespray variables."""
