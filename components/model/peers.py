"""The peers of a node: its tunnels, what each carries, and how the peer is reached."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from components.model.routing import Routes
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


def peers_of(spec: Spec, routes: Routes, node: Node) -> tuple[Peer, ...]:
    """Return the peers of a node, in the order of the specification's nodes; who cannot be reached is with none."""
    beyond: dict[str, list[Beyond]] = {name: [] for name in routes.tunnels[node.name]}
    for other in spec.nodes:
        reached = node.name in routes.next_hops[other.name]
        if other.name != node.name and other.name not in beyond and reached:
            through = routes.path(node.name, other.name)[1:-1]
            beyond[through[0]].append(Beyond(other.name, other.address, through))
    return tuple(
        Peer(
            name=other.name,
            address=other.address,
            endpoint=routes.reachability.endpoint(node, other),
            keepalive=routes.reachability.keepalive(node, other),
            families=routes.reachability.families(node, other),
            beyond=tuple(beyond[other.name]),
        )
        for other in spec.nodes
        if other.name in beyond
    )
