"""What a node does for services: as an entry, and as the inner hop in front of a target."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from components.model.services.entries import Backend, Entry, inner_hops
from components.model.spec import Node, Spec
from components.model.spec.service import KEPT, PROXY_PROTOCOL, TCP, Service

Sources = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True)
class Server:
    """A server to which connections or packets are forwarded."""

    name: str
    host: str
    """WireGuard address of the node; at an inner hop, the address or name of the target."""
    port: int
    near: bool = True
    """False: a backup, used while no near server is up."""


@dataclass(frozen=True)
class Proxied:
    """A TCP port on which HAProxy listens."""

    name: str
    port: int
    addresses: tuple[str, ...]
    """Public addresses to listen on, as far as the host has them; empty: the wg0 address."""
    servers: tuple[Server, ...]
    proxy_protocol: bool = False
    """Whether HAProxy sends the client's address to the servers, by its PROXY protocol, version 2."""


@dataclass(frozen=True)
class Readdressed:
    """A port whose packets nftables redirects to another port or host."""

    name: str
    protocol: str
    port: int
    mesh: bool
    """True: packets that arrive on wg0 for its address. False: packets from outside the mesh."""
    sources: Sources
    """Source ranges to accept; unused where `mesh` is true."""
    here: int | None
    """Port of this node on which the service answers; None: it does not run here."""
    program: bool
    """True: a program or a hostPort answers at `here`, on any address. False: a NodePort, on the wg0 address only."""
    servers: tuple[Server, ...]
    """Servers on other hosts."""


@dataclass(frozen=True)
class Guarded:
    """A port that accepts packets from some sources only."""

    name: str
    protocol: str
    port: int
    sources: Sources | None
    """Source ranges to accept; None: members of the mesh only."""
    program: bool = False
    """True: a program of this node listens on the port, on any address. False: HAProxy or nftables serves it."""


@dataclass(frozen=True)
class Serving:
    """Everything that a node does for services. Names are unique within `proxied` and within `readdressed`."""

    address: IPv4Address
    """WireGuard address of the node."""
    proxied: tuple[Proxied, ...]
    readdressed: tuple[Readdressed, ...]
    guarded: tuple[Guarded, ...]

    @property
    def anything(self) -> bool:
        """Tell whether this node serves anything at all."""
        return bool(self.guarded)


def servings(spec: Spec, entries: Iterable[Entry]) -> dict[str, Serving]:
    """Return what each node does for services, by the node's name."""
    here: dict[str, list[Entry]] = defaultdict(list)
    far: dict[tuple[str, str], tuple[Server, ...]] = {}
    for entry in entries:
        here[entry.node].append(entry)
        place = entry.service.name, entry.site
        if place not in far:
            far[place] = tuple(_server(backend, near=not entry.near) for backend in entry.far)
    return {node.name: _of_node(node, here.get(node.name, []), inner_hops(spec, node), far) for node in spec.nodes}


def _of_node(
    node: Node, here: list[Entry], hops: tuple[Service, ...], far: Mapping[tuple[str, str], tuple[Server, ...]]
) -> Serving:
    """Return what a node does, given the entries at this node and its inner hops.

    `far` are the servers at other sites, which the entries of a service at one site share.
    """
    proxied: list[Proxied] = []
    readdressed: list[Readdressed] = []
    guarded = [_guard(entry.service) for entry in here]
    for entry in here:
        service = entry.service
        if _listens_itself(service):
            continue
        near = (_server(backend, near=True) for backend in entry.near)
        servers = (*near, *far[service.name, entry.site])
        if service.protocol == TCP and service.client_address != KEPT:
            with_header = service.client_address == PROXY_PROTOCOL
            proxied.append(Proxied(service.name, service.port, entry.addresses, servers, with_header))
        else:
            readdressed.append(_readdressed(entry, node, servers))
    for service in hops:
        if service.target is None:
            continue
        name = f"{service.name}.target"  # no service can have this name: names are DNS labels
        target = (Server("target", *service.target),)
        if service.protocol == TCP:
            proxied.append(Proxied(name, service.port, (), target))
        else:
            readdressed.append(Readdressed(name, service.protocol, service.port, True, (), None, False, target))
        guarded.append(Guarded(name, service.protocol, service.port, None))
    return Serving(node.address, tuple(proxied), tuple(readdressed), tuple(guarded))


def _guard(service: Service) -> Guarded:
    return Guarded(service.name, service.protocol, service.port, service.callers, _listens_itself(service))


def _listens_itself(service: Service) -> bool:
    """Tell whether the program itself listens on the service's port, so that nothing need be forwarded."""
    return service.client_address == KEPT and service.host_port == service.port


def _server(backend: Backend, *, near: bool) -> Server:
    return Server(backend.node, str(backend.address), backend.port, near=near)


def _readdressed(entry: Entry, node: Node, servers: tuple[Server, ...]) -> Readdressed:
    """Return what nftables does at an entry. A node that reaches the target itself sends packets there directly."""
    service, own = entry.service, next((server for server in servers if server.name == node.name), None)
    others = tuple(server for server in servers if server is not own)
    if own and service.target:
        others = (Server("target", *service.target), *others)
    return Readdressed(
        service.name,
        service.protocol,
        service.port,
        mesh=service.sources is None,
        sources=service.callers or (),
        here=own.port if own and not service.target else None,
        program=service.host_port is not None,
        servers=others,
    )
