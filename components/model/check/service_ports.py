"""Checks that the ports of services are free: not used by other services, programs or the cluster."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.model.cluster.ports import api_port, node_ports, overlay_port
from components.model.plan import Plan
from components.model.problems import Problems
from components.model.services.entries import inner_hops
from components.model.services.serving import Readdressed
from components.model.spec import CONTROL_PLANE, ETCD, WORKER, Node, Spec
from components.model.spec.service import KEPT, TCP, UDP, Service

_SSH = 22
Port = tuple[str, int]
"""Protocol and number."""


@dataclass(frozen=True)
class _Listens:
    """A service at a place: a node, or the address of a router before nodes."""

    service: Service
    place: str

    @property
    def port(self) -> Port:
        return self.service.protocol, self.service.port


def check_ports(plan: Plan, problems: Problems) -> None:
    """Report ports that are in use, once for each service and user of the port."""
    spec = plan.spec
    if not spec.services:
        return
    _check_node_ports(spec, problems)
    used = {node.name: _used(spec, node) for node in spec.nodes}
    programs = _programs(spec)
    first: dict[tuple[str, Port], Service] = {}
    reported: set[tuple[str, str]] = set()

    def report(service: Service, place: str, what: str, instead: str) -> None:
        if (service.name, what) not in reported:
            reported.add((service.name, what))
            port = f"{service.port}/{service.protocol} at {place}"
            problems.add("port-taken", f"services.{service.name}.port", f"{port} is {what}", instead)

    for one in sorted(_listening(plan), key=lambda one: one.service.name):  # the first name keeps the port
        service = one.service
        other = first.setdefault((one.place, one.port), service)
        if other != service:
            report(
                service, one.place, f"already used by the service {other.name}", "choose another port, or other entries"
            )
        elif what := used.get(one.place, {}).get(one.port):
            report(service, one.place, what, "choose another port")
        elif (
            _cluster(spec, one.place) and service.port in node_ports(spec.kubernetes) and service.protocol in (TCP, UDP)
        ):
            report(service, one.place, f"one of Kubernetes' NodePorts, {_range(spec)}", "choose another port")
        for program in programs.get((one.place, one.port), ()):
            if program != service:
                what = f"that of a program, the hostPort of the service {program.name}"
                report(service, one.place, what, "choose another port")
            elif service.client_address != KEPT:
                what = "that of the program itself, its hostPort"
                report(service, one.place, what, "write `clientAddress: kept`, or choose another port")
    _check_rewritten(plan, problems)
    _check_routers(plan, problems)


def _range(spec: Spec) -> str:
    ports = node_ports(spec.kubernetes)
    return f"{ports.start}-{ports.stop - 1}"


def _cluster(spec: Spec, name: str) -> bool:
    return bool({CONTROL_PLANE, WORKER} & set(spec.node(name).roles))


def _check_node_ports(spec: Spec, problems: Problems) -> None:
    for service in spec.services:
        path = f"services.{service.name}"
        if service.node_port and service.node_port not in node_ports(spec.kubernetes):
            problems.add(
                "not-a-node-port",
                f"{path}.nodePort",
                f"{service.node_port} is not in Kubernetes' range of NodePorts, {_range(spec)}",
                "write the NodePort of the cluster's Service, or `hostPort` for a port of the nodes themselves",
            )
        for name in service.nodes if service.node_port else ():
            if not _cluster(spec, name):
                problems.add(
                    "no-node-ports",
                    f"{path}.at",
                    f"{name} has no NodePorts: its role is etcd alone",
                    "write sites or nodes that are control-plane or worker",
                )


def _listening(plan: Plan) -> Iterator[_Listens]:
    """Yield each service at each node where it enters or has an inner hop."""
    for entry in plan.entries:
        if entry.service.port:
            yield _Listens(entry.service, entry.node)
    for node in plan.spec.nodes:
        for service in inner_hops(plan.spec, node):
            if service.port:
                yield _Listens(service, node.name)


def _programs(spec: Spec) -> dict[tuple[str, Port], list[Service]]:
    """Return the services whose program listens at a port of a node itself."""
    listening: dict[tuple[str, Port], list[Service]] = {}
    for service in spec.services:
        for name in service.nodes if service.host_port else ():
            listening.setdefault((name, (service.protocol, service.host_port or 0)), []).append(service)
    return listening


def _used(spec: Spec, node: Node) -> dict[Port, str]:
    """Return the ports of a host that mesh, administration and cluster use."""
    used = {(UDP, spec.mesh.listen_port): "WireGuard's, mesh.listenPort", (TCP, _SSH): "SSH's"}
    used[TCP, node.ssh.port] = "SSH's"
    if {CONTROL_PLANE, WORKER} & set(node.roles):
        overlay = overlay_port(spec.kubernetes)
        used |= {(TCP, 10250): "kubelet's", (TCP, 10256): "kube-proxy's", (UDP, overlay): "VXLAN's, of the pods"}
    if CONTROL_PLANE in node.roles:
        used[TCP, api_port(spec.kubernetes)] = "the API server's"
    if ETCD in node.roles:
        used |= {(TCP, 2379): "etcd's", (TCP, 2380): "etcd's"}
    return used


def _check_rewritten(plan: Plan, problems: Problems) -> None:
    """Report services whose replies could not be distinguished: nftables rewrites their ports to one port."""
    reported: set[tuple[str, str]] = set()
    for node in plan.spec.nodes:
        first: dict[Port, Readdressed] = {}
        for one in sorted(plan.serving[node.name].readdressed, key=lambda one: one.name):
            if one.here is None:
                continue
            other = first.setdefault((one.protocol, one.here), one)
            # Two services at one port of a host are reported elsewhere.
            if other.port != one.port and (other.name, one.name) not in reported:
                reported.add((other.name, one.name))
                problems.add(
                    "port-rewritten",
                    f"services.{one.name}.port",
                    f"is rewritten to {one.here}/{one.protocol} of {node.name}, as that of the service {other.name}:"
                    " their replies could not be distinguished",
                    "have the program listen at another port for one of them, or let them enter at different nodes",
                )


def _check_routers(plan: Plan, problems: Problems) -> None:
    """Report ports of a router's address that lead elsewhere already: one port is forwarded to one host."""
    spec, public = plan.spec, plan.public.public
    taken: dict[tuple[str, Port], tuple[str, str]] = {}
    """What has it, and the host that it leads to."""
    for node in spec.nodes:
        for endpoint in node.endpoints:
            taken[endpoint.host, (UDP, endpoint.port)] = (f"the endpoint of {node.name}", "")
        if not node.ssh.bastion:
            taken[node.ssh.host, (TCP, node.ssh.port)] = (f"where SSH of {node.name} is", "")
    if spec.kubernetes.api:
        taken[spec.kubernetes.api.host, (TCP, spec.kubernetes.api.port)] = ("kubernetes.apiAddress", "")
    for entry in plan.entries:
        service, port = entry.service, (entry.service.protocol, entry.service.port)
        routers = [address for address in entry.addresses if address not in public.get(entry.node, ())]
        for address in routers if service.port else ():
            what, leads = taken.setdefault((address, port), (f"forwarded to {entry.node} already", entry.node))
            if leads != entry.node:
                problems.add(
                    "port-taken",
                    f"services.{service.name}.entries",
                    f"{service.port}/{service.protocol} at {address} is {what}",
                    f"choose another port, or another entry than {entry.node}",
                )
