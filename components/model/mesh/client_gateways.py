"""Gateways by which roaming clients enter the mesh.

A client has one peer, the gateway of its site, and sends it all packets for mesh.cidr. The client's address is in the
client range of that site. Every other node has this range in the AllowedIPs of the peer that leads to the gateway:
packets to and from clients take the gateway's paths. A client's configuration therefore does not change when nodes come
and go, a node's does not change when clients do, and only the gateway lists the clients themselves.
"""

from ipaddress import IPv4Network

from components.model.spec import Client, Node, Site, Spec


def client_gateway(site: Site) -> Node | None:
    """Return the node that a site's clients dial, its first gateway with an endpoint; None: no clients enter here."""
    if site.clients is None:
        return None
    nodes = {node.name: node for node in site.nodes}
    return next((nodes[name] for name in site.gateways if nodes[name].endpoint), None)


def gateway_of(spec: Spec, client: Client) -> Node:
    """Return the node that a client dials; ValueError when there is none, which the checks rule out."""
    node = client_gateway(spec.site(client.site))
    if node is None:
        msg = f"{client.name} has no gateway at {client.site}"
        raise ValueError(msg)
    return node


def client_ranges(spec: Spec) -> tuple[tuple[IPv4Network, Node], ...]:
    """Return the client ranges, each with the gateway by which its clients enter."""
    gateways = ((site.clients, client_gateway(site)) for site in spec.sites)
    return tuple((network, node) for network, node in gateways if network and node)


def clients_by(spec: Spec, node: Node) -> tuple[Client, ...]:
    """Return the clients that enter by a node."""
    gateway = client_gateway(spec.site(node.site)) if spec.clients else None
    if gateway is None or gateway.name != node.name:
        return ()
    return tuple(client for client in spec.clients if client.site == node.site)


def reserved_ranges(spec: Spec) -> tuple[IPv4Network, ...]:
    """Return the client ranges: no node can have an address in one of them."""
    return tuple(site.clients for site in spec.sites if site.clients)
