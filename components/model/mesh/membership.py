"""The membership of the mesh: the facts that all hosts share."""

from collections.abc import Iterator

from components.model.mesh.client_gateways import client_ranges
from components.model.spec import Node, Site, Spec
from components.model.spec.families import IPV4


def membership(spec: Spec) -> str:
    """Return, one fact a line, the facts of the mesh that need all hosts to be up and able to join it.

    When this text changes, preflight checks every host again before any host is changed. Labels, roles, taints,
    services and measurements are left out, because a change of them must not disturb unrelated hosts. An optional
    fact has a line only where it is declared, so that a new kind of fact changes nothing for meshes without it.
    """
    return "".join(f"{line}\n" for line in _lines(spec))


def _lines(spec: Spec) -> Iterator[str]:
    mesh = spec.mesh
    yield f"mesh {mesh.cidr} port {mesh.listen_port} mtu {mesh.mtu} rotation {mesh.rotation!r}"
    yield f"preshared keys {mesh.preshared_keys}"
    for node in spec.nodes:
        yield from _node(node)
    for site in spec.sites:
        yield from _site(site)
    for network, gateway in client_ranges(spec):
        yield f"clients {network} by {gateway.name}"


def _node(node: Node) -> Iterator[str]:
    endpoints = " ".join(map(str, node.endpoints)) or "none"
    yield f"node {node.name} {node.address} endpoints {endpoints} keepalive {node.keepalive} rotation {node.rotation!r}"
    if node.lan_address:
        yield f"node {node.name} at {node.lan_address} of its LAN"
    if node.families != (IPV4,):
        yield f"node {node.name} sends by {' '.join(node.families)}"


def _site(site: Site) -> Iterator[str]:
    if site.gateways:
        yield f"site {site.name} gateways {' '.join(site.gateways)}, {len(site.behind_ports)} behind ports of the site"
