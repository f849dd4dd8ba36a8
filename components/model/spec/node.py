"""One host: its place in the mesh and in the cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from components.model.spec.endpoint import Endpoint
from components.model.spec.families import IPV4
from components.model.spec.ssh import SshTarget

CONTROL_PLANE = "control-plane"
ETCD = "etcd"
WORKER = "worker"
ROLES = (CONTROL_PLANE, ETCD, WORKER)


@dataclass(frozen=True)
class Node:
    """One host: its place in the mesh and in the cluster."""

    name: str
    """Host name and Kubernetes node name: lower-case DNS."""
    site: str
    """Site as in CRIC; the value of the node label `site`."""
    institution: str
    """Where the host stands; the value of the node label `institution`."""
    address: IPv4Address
    """Address of wg0."""
    endpoints: tuple[Endpoint, ...]
    """None: no UDP port reaches this host from outside, it speaks first. Two: one of each family, the better one first.
    A site's gateway has its site's."""
    lan_address: IPv4Address | IPv6Address | None
    """Where the other hosts of its site reach it without going through the site's router."""
    keepalive: int | None
    """Seconds between keepalives that this node sends to peers with an endpoint; None: none, see wg(8)."""
    ssh: SshTarget
    roles: tuple[str, ...]
    labels: Mapping[str, str]
    """Extra node labels besides site and institution."""
    taints: tuple[str, ...]
    """key=value:Effect"""
    variables: Mapping[str, object]
    """The user's own Kubespray variables for this host, those of its site below its own."""
    rotation: str
    """Any text, of the site and of the node; changing it makes new keys for this node."""
    families: tuple[str, ...] = (IPV4,)
    """IPv4, IPv6 or both: in which it can send to other sites. wg0 itself carries IPv4."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The first of the endpoints."""
        return self.endpoints[0] if self.endpoints else None
