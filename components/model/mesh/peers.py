"""WireGuard peers of a node: their endpoints, their AllowedIPs, and the nodes beyond each of them."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from components.model.mesh.client_gateways import client_ranges, clients_by
from components.model.mesh.routing import Routes
from components.model.spec import Endpoint, Node, Spec


@dataclass(frozen=True)
class Beyond:
    """A node that is reached through a peer, not by a tunnel of its own."""

    name: str
    address: IPv4Address
    through: tuple[str, ...]
    """Names of the relays on the path, the peer first."""


@dataclass(frozen=True)
class Peer:
    """One [Peer] section of wg(8), without its keys."""

    name: str
    address: IPv4Address
    """The first address in AllowedIPs."""
    endpoint: Endpoint | None
    """None: this node cannot dial the peer, so the peer must speak first."""
    keepalive: int | None
    """Seconds between keepalives; None except on the side that must keep its NAT mapping open."""
    families: tuple[str, ...] = ()
    """Address families to resolve where the endpoint is a name, the preferred one first."""
    beyond: tuple[Beyond, ...] = ()
    """Nodes whose addresses follow in AllowedIPs. Peers and the nodes beyond them are all other nodes, each once."""
    ranges: tuple[IPv4Network, ...] = ()
    """Ranges of the clients that enter by this peer or by a node beyond it; they come last in AllowedIPs."""
    client: bool = False
    """Whether the peer is a roaming client, whose handshake nothing waits for."""


def peers_of(spec: Spec, routes: Routes, node: Node) -> tuple[Peer, ...]:
    """Return the peers of a node, in the order of the specification's nodes, then the clients that enter by this node.

    A node that cannot be reached is no peer, and beyond none.
    """
    beyond: dict[str, list[Beyond]] = {name: [] for name in routes.tunnels[node.name]}
    for other in spec.nodes:
        reached = node.name in routes.next_hops[other.name]
        if other.name != node.name and other.name not in beyond and reached:
            through = routes.path(node.name, other.name)[1:-1]
            beyond[through[0]].append(Beyond(other.name, other.address, through))
    ranges: dict[str, list[IPv4Network]] = {name: [] for name in beyond}
    for network, gateway in client_ranges(spec):
        if gateway.name != node.name and node.name in routes.next_hops[gateway.name]:
            ranges[routes.path(node.name, gateway.name)[1]].append(network)
    members = [
        Peer(
            name=other.name,
            address=other.address,
            endpoint=routes.reachability.endpoint(node, other),
            keepalive=routes.reachability.keepalive(node, other),
            families=routes.reachability.families(node, other),
            beyond=tuple(beyond[other.name]),
            ranges=tuple(ranges[other.name]),
        )
        for other in spec.nodes
        if other.name in beyond
    ]
    clients = clients_by(spec, node)
    return (*members, *(Peer(each.name, each.address, endpoint=None, keepalive=None, client=True) for each in clients))


def carries(spec: Spec, routes: Routes, node: Node) -> bool:
    """Tell whether a node forwards packets: between other nodes, or between clients and nodes."""
    return node.name in routes.relays or bool(clients_by(spec, node))
