"""What a host must have, and what must be free on it, before anything is changed there. The preflight compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from components.model.cluster.ports import api_port, written_port
from components.model.firewall.openings import ssh_ranges
from components.model.plan import Plan
from components.model.spec import CONTROL_PLANE, ETCD, WORKER, Kubernetes, Node

CGROUP_V2_SINCE = (1, 35)
"""The first minor version of Kubernetes whose kubelet refuses cgroup v1 by default."""
MEMORY_MB = {CONTROL_PLANE: ("minimal_master_memory_mb", 1500), WORKER: ("minimal_node_memory_mb", 1024)}
"""By role: Kubespray's variable for the least memory, and its default."""
DISK_MB = 5000
"""Room below /var/lib for Kubernetes: binaries and images of Kubespray take 2 GB on each host."""
DISK_MB_OF_MESH = 200
"""Room for wireguard-tools, python3 and our files."""


@dataclass(frozen=True)
class Requirements:
    """The requirements of one host. They do not depend on other nodes, so that a new node changes no other's."""

    roles: tuple[str, ...]
    """Roles in Kubernetes; empty: there is no cluster on this mesh, and fields about Kubernetes are empty."""
    wireguard: int
    """UDP port of WireGuard."""
    mesh: IPv4Network
    pods: IPv4Network | None
    services: IPv4Network | None
    tcp: tuple[int, ...]
    """Ports of Kubernetes."""
    served: tuple[tuple[int, str], ...]
    """Ports on which HAProxy listens for services, each with the address."""
    engine: str
    """Container engine that Kubespray installs."""
    cgroup_v2: bool
    ipv6: bool
    """Whether sockets of IPv6 are needed."""
    resolver: bool
    """Whether /etc/resolv.conf needs a name server."""
    memory_mb: int
    """0: any."""
    disk_mb: int
    """Free below /var/lib on a new node."""
    sshd: int
    """TCP port of sshd on the host itself, where the deployer logs in over wg0."""
    ssh: tuple[str, ...]
    """Source ranges from which the host's firewall admits SSH; empty: this program sets no firewall."""


def host_requirements(plan: Plan, node: Node, *, kubernetes: bool = True) -> Requirements:
    """Return the requirements of a node; without `kubernetes` no cluster follows on this mesh."""
    spec = plan.spec
    roles = node.roles if kubernetes else ()
    variables = {**spec.kubernetes.variables, **node.variables}
    serving = plan.serving[node.name]
    own = str(serving.address)
    served = {
        (proxied.port, address) for proxied in serving.proxied for address in proxied.addresses or (own,)
    }  # fmt: skip
    return Requirements(
        roles=roles,
        wireguard=spec.mesh.listen_port,
        mesh=spec.mesh.cidr,
        pods=spec.kubernetes.pod_cidr if roles else None,
        services=spec.kubernetes.service_cidr if roles else None,
        tcp=_ports(spec.kubernetes, roles, variables),
        served=tuple(sorted(served)),
        engine=str(variables.get("container_manager", "containerd")) if roles else "",
        cgroup_v2=bool(roles) and _needs_cgroup_v2(spec.kubernetes.version, variables),
        ipv6=CONTROL_PLANE in roles and ":" in str(variables.get("kube_apiserver_bind_address", "::")),
        resolver=bool(roles) and not variables.keys() & {"upstream_dns_servers", "disable_host_nameservers"},
        memory_mb=_memory(roles, variables),
        disk_mb=DISK_MB if roles else DISK_MB_OF_MESH,
        sshd=node.ssh.mesh_port,
        ssh=ssh_ranges(spec.site(node.site), spec.mesh),
    )


def _ports(kubernetes: Kubernetes, roles: tuple[str, ...], variables: Mapping[str, object]) -> tuple[int, ...]:
    """Return the TCP ports of Kubernetes by role."""
    api, ports = api_port(kubernetes), set[int]()
    if CONTROL_PLANE in roles or WORKER in roles:
        ports |= {10250, 10256}
    if CONTROL_PLANE in roles:
        ports |= {api, 10257, 10259}
    elif WORKER in roles:  # nginx, on the loopback interface, by which kubelet reaches the API
        ports.add(written_port(variables.get("loadbalancer_apiserver_port")) or api)
    if ETCD in roles:
        ports |= {2379, 2380}
    return tuple(sorted(ports))


def _needs_cgroup_v2(version: str, variables: Mapping[str, object]) -> bool:
    """Tell whether kubelet refuses cgroup v1. The variable may be a boolean, or a template's text."""
    allowed = str(variables.get("kubelet_fail_cgroup_v1", True)).lower() == "false"
    minor = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    return minor >= CGROUP_V2_SINCE and not allowed


def _memory(roles: tuple[str, ...], variables: Mapping[str, object]) -> int:
    """Return the megabytes below which Kubespray refuses a host of these roles."""
    if variables.get("ignore_assert_errors") is True:
        return 0
    needed = [variables.get(name, default) for role, (name, default) in MEMORY_MB.items() if role in roles]
    return max((value for value in needed if isinstance(value, int)), default=0)
