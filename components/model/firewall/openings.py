"""What a host's firewall lets in from outside of wg0."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from components.model.cluster.ports import api_port
from components.model.plan import Plan
from components.model.spec import CONTROL_PLANE, Mesh, Node, Site, Spec
from components.model.spec.service import TCP, UDP


@dataclass(frozen=True)
class Openings:
    """Ports and ranges. What another service of a node needs is added to `tcp` or `udp` in `openings`."""

    udp: tuple[int, ...]
    tcp: tuple[int, ...]
    ssh: tuple[IPv4Network | IPv6Network, ...]
    """The ranges that SSH may come from; the port is where sshd listens, which the host knows itself."""
    mesh: IPv4Network
    """The range of wg0."""


def openings(plan: Plan, node: Node) -> Openings | None:
    """Return what is open on a node; None: it has no firewall of ours."""
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
    """Return the ports of services that enter here from outside; who may come is narrowed by these themselves."""
    here = (entry.service for entry in plan.entries if entry.node == node.name and entry.addresses)
    return tuple(sorted({service.port for service in here if service.protocol == protocol}))


def _api(spec: Spec, node: Node) -> tuple[int, ...]:
    """Return the API's port on a node that is reached from outside the mesh for it."""
    if spec.kubernetes.api is None or CONTROL_PLANE not in node.roles:
        return ()
    return (api_port(spec.kubernetes),)


def ssh_ranges(site: Site, mesh: Mesh) -> tuple[str, ...]:
    """Return from where Pulumi may come by SSH, the mesh among it; empty: no firewall of ours."""
    return tuple(str(network) for network in (*site.firewall.ssh, mesh.cidr)) if site.firewall.enabled else ()
