"""Openings of a host's firewall for packets from outside the mesh."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from components.model.cluster.ports import api_port
from components.model.plan import Plan
from components.model.spec import CONTROL_PLANE, Mesh, Node, Site, Spec
from components.model.spec.service import TCP, UDP


@dataclass(frozen=True)
class Openings:
    """Ports and source ranges that a host's firewall accepts."""

    udp: tuple[int, ...]
    """UDP ports: that of WireGuard, and those of services."""
    tcp: tuple[int, ...]
    """TCP ports: that of the API on control-plane nodes, and those of services."""
    ssh: tuple[IPv4Network | IPv6Network, ...]
    """Source ranges of SSH connections. The host itself knows the port, on which its sshd listens."""
    mesh: IPv4Network
    """Range of wg0 addresses."""


def openings(plan: Plan, node: Node) -> Openings | None:
    """Return the openings of a node; None: its site does not declare a firewall."""
    spec = plan.spec
    site = spec.site(node.site)
    if not site.firewall.enabled:
        return None
    tcp, udp = (_services(plan, node, protocol) for protocol in (TCP, UDP))
    return Openings(
        udp=tuple(dict.fromkeys((spec.mesh.listen_port, *udp))),
        tcp=tuple(dict.fromkeys((*_api(spec, node), *tcp))),
        ssh=site.firewall.ssh,
        mesh=spec.mesh.cidr,
    )


def _services(plan: Plan, node: Node, protocol: str) -> tuple[int, ...]:
    """Return the ports of services that enter here from outside; the services filter their callers themselves."""
    here = (entry.service for entry in plan.entries if entry.node == node.name and entry.addresses)
    return tuple(sorted({service.port for service in here if service.protocol == protocol}))


def _api(spec: Spec, node: Node) -> tuple[int, ...]:
    """Return the port of the API on a control-plane node if the API has an address outside the mesh."""
    if spec.kubernetes.api is None or CONTROL_PLANE not in node.roles:
        return ()
    return (api_port(spec.kubernetes),)


def ssh_ranges(site: Site, mesh: Mesh) -> tuple[str, ...]:
    """Return the source ranges of Pulumi's SSH connections, including the mesh; empty: no firewall is declared."""
    return tuple(str(network) for network in (*site.firewall.ssh, mesh.cidr)) if site.firewall.enabled else ()
