"""A service: what the user declared, where it runs and who may come."""

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
    """One service. Exactly one of `node_port`, `host_port` and `target` says what answers."""

    name: str
    """DNS label."""
    port: int
    """At the entries."""
    protocol: str
    """tcp or udp."""
    node_port: int | None
    """NodePort of the cluster."""
    host_port: int | None
    """A port of the nodes themselves: a pod's hostPort, or any program's."""
    target: tuple[str, int] | None
    """A plain host that the nodes of `nodes` reach, and its port."""
    nodes: tuple[str, ...]
    """Where it runs: names of nodes, in the order of Spec.nodes."""
    sources: tuple[IPv4Network | IPv6Network, ...] | None
    """From where clients may come; None: by wg0 only."""
    mode: str
    """auto, direct or tunnel."""
    entries: tuple[str, ...]
    """Names of sites or nodes where it enters, as written; empty: chosen."""
    client_address: str
    """hidden, proxy-protocol (HAProxy's, version 2) or kept."""

    @property
    def families(self) -> tuple[str, ...]:
        """The families of addresses that clients may come by: wg0 is IPv4, and only a proxy, of TCP, translates."""
        sources = self.sources or ()
        found = tuple(family for family in FAMILIES if any(FAMILIES[net.version == 6] == family for net in sources))
        if self.protocol == UDP and self.client_address != KEPT:
            return tuple(family for family in found if family == IPV4)
        return found

    @property
    def callers(self) -> tuple[IPv4Network | IPv6Network, ...] | None:
        """`sources` of these families; None: by wg0 only."""
        if self.sources is None:
            return None
        return tuple(network for network in self.sources if FAMILIES[network.version == 6] in self.families)

    @property
    def backend_port(self) -> int:
        """The port at the wg0 address of a node where it runs: for a target that of the node's own inner hop."""
        return self.node_port or self.host_port or self.port
