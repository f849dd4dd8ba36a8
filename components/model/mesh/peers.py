"""The peers of a node: its tunnels, what each carries, and how the peer is reached."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from components.model.mesh.client_gateways import client_ranges, clients_by
from components.model.mesh.routing import Routes
from components.model.spec import Endpoint, Node, Spec


@dataclass(frozen=True)
class Beyond:
    """A node that is reached through a peer."""

    name: str
    address: IPv4Address
    through: tuple[str, ...]
    """The relays on the way, the peer first."""


@dataclass(frozen=True)
class Peer:
    """One [Peer] section of wg(8), without keys."""

    name: str
    address: IPv4Address
    """The first address in AllowedIPs."""
    endpoint: Endpoint | None
    """None: the peer speaks first."""
    keepalive: int | None
    """Seconds; only on the side that must keep its NAT open."""
    families: tuple[str, ...] = ()
    """Of which addresses are wanted where the endpoint is a name, the better one first."""
    beyond: tuple[Beyond, ...] = ()
    """Whose addresses follow in AllowedIPs. All peers' together are all other nodes, each once."""
    ranges: tuple[IPv4Network, ...] = ()
    """Addresses of clients that come in by this peer or by a node beyond it, last in AllowedIPs."""
    client: bool = False
    """Whether it is a roaming client: it comes and goes, so nobody waits for it."""


def peers_of(spec: Spec, routes: Routes, node: Node) -> tuple[Peer, ...]:
    """Return the peers of a node, in the order of the specification's nodes, then the clients that come in by it.

    Who cannot be reached is with none.
    """
    beyond: dict[str, list[Beyond]] = {name: [] for name in routes.tunnels[node.name]}
    for other in spec.nodes:
        reached = node.name in routes.next_hops[other.name]
        if other.name != node.name and other.name not in beyond and reached:
            through = routes.path(node.name, other.name)[1:-1]
            beyond[through[0]].append(Beyond(other.name, other.address, through))
    ranges: dict[str, list[IPv4Network]] = {name: [] for name in beyond}
    for network, door in client_ranges(spec):
        if door.name != node.name and node.name in routes.next_hops[door.name]:
            ranges[routes.path(node.name, door.name)[1]].append(network)
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
    guests = [Peer(one.name, one.address, endpoint=None, keepalive=None, client=True) for one in clients_by(spec, node)]
    return (*members, *guests)


def carries(spec: Spec, routes: Routes, node: Node) -> bool:
    """Whether packets of others go through a node: between other nodes, or between clients and nodes."""
    return node.name in routes.relays or bool(clients_by(spec, node))
