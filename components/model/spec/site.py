"""Declaration of a site."""

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
    """Names of its nodes that relay packets between other nodes, the preferred one first."""
    ports: tuple[tuple[Endpoint, ...], ...] = ()
    """UDP ports that the site's router forwards: the n-th port leads to the n-th gateway. A port has one endpoint, or
    one of each family."""
    lan: IPv4Network | IPv6Network | None = None
    """Range of its nodes' LAN addresses; None: not declared."""
    clients: IPv4Network | None = None
    """Part of mesh.cidr for clients that enter by its gateway; None: no clients enter here."""
    firewall: Firewall = NO_FIREWALL

    @property
    def gateway(self) -> str:
        """Name of the preferred gateway; empty: there is none."""
        return self.gateways[0] if self.gateways else ""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints of the site's ports, those of the preferred gateway first."""
        return tuple(endpoint for port in self.ports for endpoint in port)

    @property
    def endpoint(self) -> Endpoint | None:
        """First endpoint of the site's ports; None: there is none."""
        return self.endpoints[0] if self.endpoints else None

    @property
    def behind_ports(self) -> tuple[str, ...]:
        """Names of the gateways to which the site's ports lead."""
        return self.gateways[: len(self.ports)]
