"""Forms of nodes in diagrams."""

from components.model.spec import Node, Site

GATEWAY, PORT, CLOSED = "gateway", "port", "closed"


def node_form(site: Site, node: Node) -> str:
    """Return the form of a node: GATEWAY, PORT (it has an endpoint) or CLOSED."""
    return GATEWAY if node.name in site.gateways else PORT if node.endpoint else CLOSED


def on_lan(site: Site) -> bool:
    """Tell whether a site is drawn as a LAN: it has several nodes, and one of them has a LAN address."""
    return len(site.nodes) > 1 and any(node.lan_address for node in site.nodes)
