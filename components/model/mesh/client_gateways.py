"""Roaming clients: which gateway each comes in by.

A client has one peer, the gateway of its site, and sends it everything for mesh.cidr. Its address is of that site's
range, which every other node has at the peer that leads to this gateway: to WireGuard, clients are where their gateway
is, and packets to and from them take its paths. So a client's configuration does not change when nodes come and go, a
node's does not when clients do, and only the gateway knows the clients themselves.
"""

from ipaddress import IPv4Network

from components.model.spec import Client, Node, Site, Spec


def door(site: Site) -> Node | None:
    """Return the node that a site's clients dial; None where no client can come in."""
    if site.clients is None:
        return None
    nodes = {node.name: node for node in site.nodes}
    return next((nodes[name] for name in site.gateways if nodes[name].endpoint), None)


def doors(spec: Spec) -> tuple[tuple[IPv4Network, Node], ...]:
    """Return the ranges of clients, each with the gateway that they come in by."""
    found = ((site.clients, door(site)) for site in spec.sites)
    return tuple((network, node) for network, node in found if network and node)


def clients_by(spec: Spec, node: Node) -> tuple[Client, ...]:
    """Return the clients that come in by a node."""
    sites = [site.name for site in spec.sites if door(site) == node]
    return tuple(client for client in spec.clients if client.site in sites)


def ranges_of(spec: Spec) -> tuple[IPv4Network, ...]:
    """Return the ranges of clients: no node can have an address there."""
    return tuple(site.clients for site in spec.sites if site.clients)
