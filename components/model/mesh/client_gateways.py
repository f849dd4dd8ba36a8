"""Roaming clients: the gateway by which each one enters the mesh.

A client has one peer, the gateway of its site, and sends it everything for mesh.cidr. Its address is in that site's
range, which every other node has at the peer that leads to this gateway: to WireGuard, clients are where their gateway
is, and packets to and from them take its paths. So a client's configuration does not change when nodes come and go, a
node's does not when clients do, and only the gateway knows the clients themselves.
"""

from ipaddress import IPv4Network

from components.model.spec import Client, Node, Site, Spec


def client_gateway(site: Site) -> Node | None:
    """Return the node that a site's clients dial, its first gateway with an endpoint; None: it takes no clients."""
    if site.clients is None:
        return None
    nodes = {node.name: node for node in site.nodes}
    return next((nodes[name] for name in site.gateways if nodes[name].endpoint), None)


def gateway_of(spec: Spec, client: Client) -> Node:
    """Return the node that a client dials; checks have made sure that there is one."""
    node = client_gateway(spec.site(client.site))
    if node is None:
        msg = f"{client.name} has no gateway at {client.site}"
        raise ValueError(msg)
    return node


def client_ranges(spec: Spec) -> tuple[tuple[IPv4Network, Node], ...]:
    """Return the ranges of clients, each with the gateway by which they enter."""
    pairs = ((site.clients, client_gateway(site)) for site in spec.sites)
    return tuple((network, node) for network, node in pairs if network and node)


def clients_by(spec: Spec, node: Node) -> tuple[Client, ...]:
    """Return the clients that enter by a node."""
    gateway = client_gateway(spec.site(node.site)) if spec.clients else None
    if gateway is None or gateway.name != node.name:
        return ()
    return tuple(client for client in spec.clients if client.site == node.site)


def reserved_ranges(spec: Spec) -> tuple[IPv4Network, ...]:
    """Return the ranges of clients: no node can have an address there."""
    return tuple(site.clients for site in spec.sites if site.clients)
