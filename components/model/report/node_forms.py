"""What a node looks like in a diagram."""

from components.model.spec import Node, Site

GATEWAY, PORT, CLOSED = "gateway", "port", "closed"


def node_form(site: Site, node: Node) -> str:
    """Return what a node of a site looks like: a gateway, a node with a port, or one without."""
    return GATEWAY if node.name in site.gateways else PORT if node.endpoint else CLOSED


def on_lan(site: Site) -> bool:
    """Tell whether a site is drawn as a LAN: at least two nodes, and one has a LAN address."""
    return len(site.nodes) > 1 and any(node.lan_address for node in site.nodes)
