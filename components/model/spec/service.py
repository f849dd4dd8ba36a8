"""Declaration of a service: what answers, where it runs, and who may connect."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from components.model.spec.families import FAMILIES, IPV4

TCP, UDP = "tcp", "udp"
PROTOCOLS = (TCP, UDP)
AUTO, DIRECT, TUNNEL = "auto", "direct", "tunnel"
MODES = (AUTO, DIRECT, TUNNEL)
HIDDEN, PROXY_PROTOCOL, KEPT = "hidden", "proxy-protocol", "kept"
CLIENT_ADDRESSES = (HIDDEN, PROXY_PROTOCOL, KEPT)
MESH, PUBLIC = "mesh", "public"
EVERYBODY: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))


@dataclass(frozen=True)
class Service:
    """A service. Exactly one of `node_port`, `host_port` and `target` is set, and says what answers."""

    name: str
    """Name of the service, a DNS label."""
    port: int
    """Port that clients dial at the entries."""
    protocol: str
    """tcp or udp."""
    node_port: int | None
    """NodePort of the cluster."""
    host_port: int | None
    """Port of the nodes themselves: the hostPort of a pod, or the port of any program."""
    target: tuple[str, int] | None
    """Address or name, and port, of a host outside the cluster that the nodes in `nodes` reach."""
    nodes: tuple[str, ...]
    """Names of the nodes where it runs, in the order of Spec.nodes."""
    sources: tuple[IPv4Network | IPv6Network, ...] | None
    """Source ranges of clients; None: members of the mesh only, over wg0."""
    mode: str
    """AUTO, DIRECT or TUNNEL."""
    entries: tuple[str, ...]
    """Names of sites or nodes where it enters, as declared; empty: the program chooses."""
    client_address: str
    """HIDDEN, PROXY_PROTOCOL (HAProxy's, version 2) or KEPT."""

    @property
    def families(self) -> tuple[str, ...]:
        """Address families that clients can use. wg0 carries IPv4; HAProxy translates between families for TCP."""
        sources = self.sources or ()
        declared = tuple(family for family in FAMILIES if any(FAMILIES[net.version == 6] == family for net in sources))
        if self.protocol == UDP and self.client_address != KEPT:
            return tuple(family for family in declared if family == IPV4)
        return declared

    @property
    def callers(self) -> tuple[IPv4Network | IPv6Network, ...] | None:
        """Source ranges in the families that clients can use; None: members of the mesh only."""
        if self.sources is None:
            return None
        return tuple(network for network in self.sources if FAMILIES[network.version == 6] in self.families)

    @property
    def backend_port(self) -> int:
        """Port at the wg0 address of a node where it runs; for a target, the port of the node's inner hop."""
        return self.node_port or self.host_port or self.port
