"""The full mesh: which peers a node has, and how it reaches them."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from components.model.problems import Problems
from components.model.spec import Endpoint, Node, Spec


@dataclass(frozen=True)
class Peer:
    """One [Peer] section of wg(8), without keys."""

    name: str
    address: IPv4Address
    """The one address in AllowedIPs."""
    endpoint: Endpoint | None
    """None: the peer speaks first."""
    keepalive: int | None
    """Seconds; only on the side that must keep its NAT open."""


def peers_of(spec: Spec, node: Node) -> tuple[Peer, ...]:
    """Return the peers of a node in a full mesh, in the order of the specification's nodes."""
    return tuple(
        Peer(
            name=other.name,
            address=other.address,
            endpoint=other.endpoint,
            keepalive=node.keepalive if other.endpoint else None,
        )
        for other in spec.nodes
        if other.name != node.name
    )


def check_pairs(nodes: tuple[Node, ...], problems: Problems) -> None:
    """Note every pair of nodes that cannot meet: in a full mesh one of two must have an endpoint."""
    closed = [node for node in nodes if node.endpoint is None]
    for index, one in enumerate(closed):
        for other in closed[index + 1 :]:
            problems.add(
                f"sites.{one.site}.nodes.{one.name}.endpoint",
                f"{one.name} and {other.name} both have no endpoint, so neither can reach the other",
                "have a UDP port opened to one of the two and write `endpoint: ADDRESS:PORT` there",
            )
