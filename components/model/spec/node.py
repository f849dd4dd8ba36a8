"""Declaration of a node."""

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
    """A host, and its place in the mesh and in the cluster."""

    name: str
    """Host name and Kubernetes node name: a DNS name in lower case."""
    site: str
    """Name of the site, as in CRIC; the value of the node label `site`."""
    institution: str
    """Institution that runs the host; the value of the node label `institution`."""
    address: IPv4Address
    """WireGuard address of the node."""
    endpoints: tuple[Endpoint, ...]
    """Endpoints by which peers dial the node: at most one of each family, the preferred one first. Empty: no UDP port
    reaches the node from outside, so it dials its peers. A site's gateway has the endpoints of its site."""
    lan_address: IPv4Address | IPv6Address | None
    """Address by which other hosts of the site reach the node directly, not through the site's router."""
    keepalive: int | None
    """Seconds between the keepalives that the node sends to peers with an endpoint (wg(8)); None: it sends none."""
    ssh: SshTarget
    roles: tuple[str, ...]
    labels: Mapping[str, str]
    """Node labels besides site and institution."""
    taints: tuple[str, ...]
    """Taints in the form key=value:Effect."""
    variables: Mapping[str, object]
    """The user's own Kubespray variables for this host. Those of its site are included; its own take precedence."""
    rotation: str
    """Any text, of the site and of the node; a change of it makes new keys for this node."""
    families: tuple[str, ...] = (IPV4,)
    """Address families in which the node can send to other sites. wg0 itself carries IPv4."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The first of the endpoints."""
        return self.endpoints[0] if self.endpoints else None
