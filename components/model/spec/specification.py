"""The specification: what the user declared, parsed and validated. Frozen values, no behaviour but look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from components.model.spec.families import IPV4, family_of
from components.model.spec.service import Service

CONTROL_PLANE = "control-plane"
ETCD = "etcd"
WORKER = "worker"
ROLES = (CONTROL_PLANE, ETCD, WORKER)


@dataclass(frozen=True)
class Endpoint:
    """Where a peer is reached from outside: host (IPv4, IPv6 or DNS name) and UDP port, as in wg(8)."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def family(self) -> str | None:
        """IPv4 or IPv6; None for a name, which stands for the addresses of its node in any family."""
        return family_of(self.host)


@dataclass(frozen=True)
class Bastion:
    """A host that SSH connections go through. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    port: int
    user: str
    host_key: str


@dataclass(frozen=True)
class SshTarget:
    """How a host is reached for administration. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    """Seen from the bastion where there is one, else from the machine where Pulumi runs."""
    port: int
    user: str
    host_key: str
    bastion: Bastion | None = None

    @property
    def place(self) -> str:
        """Where it is, in words: two hosts of one place are one."""
        through = f" behind {Endpoint(self.bastion.host, self.bastion.port)}" if self.bastion else ""
        return f"{Endpoint(self.host, self.port)}{through}"


@dataclass(frozen=True)
class Firewall:
    """The firewall of a site's hosts."""

    enabled: bool = False
    ssh: tuple[IPv4Network | IPv6Network, ...] = ()
    """From where SSH may come; over wg0 it always may."""


NO_FIREWALL = Firewall()


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


@dataclass(frozen=True)
class Mesh:
    """The network wg0."""

    cidr: IPv4Network
    listen_port: int
    """UDP port on the hosts."""
    mtu: int
    """Bytes of an IP packet on wg0."""
    preshared_keys: bool
    rotation: str
    """Any text; changing it makes new preshared keys for every pair."""
    measurement: str = field(default="", repr=False)
    """Any text; changing it has paths measured again. It is not in `repr`, which hosts are asked anew for."""


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
    """Name of the node that runs the playbooks."""
    first_control_plane: str
    """Name of the control-plane node that shall be the first; empty: the order in which they joined stays."""
    rotation: str
    """Any text; changing it runs cluster.yml again, which makes a new certificate for the kubeconfig."""
    kubespray: Kubespray
    variables: Mapping[str, object] = field(default_factory=dict)
    """The user's own Kubespray variables."""


@dataclass(frozen=True)
class Client:
    """A roaming client, an administrator's laptop: a peer of one gateway, and no member of the cluster."""

    name: str
    site: str
    """It dials this site's gateway; empty: not readable."""
    address: IPv4Address
    dns: tuple[str, ...]
    """Name servers and search domains that it uses while it is connected, as in wg-quick(8)."""
    rotation: str
    """Any text; changing it makes new keys for this client."""


@dataclass(frozen=True)
class Site:
    """A site: nodes that share a name in CRIC and, usually, a network group."""

    name: str
    nodes: tuple[Node, ...]
    gateways: tuple[str, ...] = ()
    """Names of its nodes that carry packets between other nodes, the preferred one first."""
    ports: tuple[tuple[Endpoint, ...], ...] = ()
    """UDP ports that are forwarded for the whole site: each leads to the gateway at its place in the list, and is one
    endpoint, or one of each family."""
    lan: IPv4Network | IPv6Network | None = None
    """Range of its nodes' LAN addresses; None: not told."""
    clients: IPv4Network | None = None
    """Part of mesh.cidr whose addresses are those of clients that come in by its gateway; None: none do."""
    firewall: Firewall = NO_FIREWALL

    @property
    def gateway(self) -> str:
        """The preferred gateway; empty: there is none."""
        return self.gateways[0] if self.gateways else ""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints that are the site's, those of the preferred gateway first."""
        return tuple(endpoint for port in self.ports for endpoint in port)

    @property
    def endpoint(self) -> Endpoint | None:
        """The first one of the preferred gateway, when it is the site's."""
        return self.endpoints[0] if self.endpoints else None

    @property
    def behind_ports(self) -> tuple[str, ...]:
        """The gateways that the site's ports lead to."""
        return self.gateways[: len(self.ports)]


@dataclass(frozen=True)
class Spec:
    """Everything declared."""

    mesh: Mesh
    kubernetes: Kubernetes
    sites: tuple[Site, ...]
    clients: tuple[Client, ...] = ()
    """In alphabetical order."""
    services: tuple[Service, ...] = ()
    """In alphabetical order."""

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, sites and nodes in alphabetical order."""
        return tuple(node for site in self.sites for node in site.nodes)

    @cached_property
    def gateways(self) -> tuple[Node, ...]:
        """Nodes that may carry packets between other nodes: sites in the order of `nodes`, then as preferred there."""
        return tuple(node for site in self.sites for name in site.gateways for node in site.nodes if node.name == name)

    def with_role(self, role: str) -> tuple[Node, ...]:
        """Return the nodes that have a role, in the order of `nodes`."""
        return tuple(node for node in self.nodes if role in node.roles)

    def node(self, name: str) -> Node:
        """Return a node by its name; KeyError when there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}
