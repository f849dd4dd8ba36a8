"""A site: nodes that share a name in CRIC and, usually, a network group."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from components.model.spec.endpoint import Endpoint
from components.model.spec.firewall import NO_FIREWALL, Firewall
from components.model.spec.node import Node


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
