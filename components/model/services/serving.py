"""What one node does for services: as an entry, and as the inner hop of a target."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from components.model.services.entries import Entry, inner_hops
from components.model.spec import Node, Spec
from components.model.spec.service import KEPT, PROXY_PROTOCOL, TCP, Service

Sources = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True)
class Server:
    """Where connections or packets go on to."""

    name: str
    host: str
    """Address of wg0; for an inner hop, the target's address or name."""
    port: int
    near: bool = True
    """If not, it only helps out while there is no near one."""


@dataclass(frozen=True)
class Proxied:
    """A TCP port at which HAProxy listens."""

    name: str
    port: int
    addresses: tuple[str, ...]
    """Where clients come from outside, if the host has these addresses; empty: at the address of wg0."""
    servers: tuple[Server, ...]
    proxy_protocol: bool = False
    """The servers are told the client's address by HAProxy's PROXY protocol, version 2."""


@dataclass(frozen=True)
class Readdressed:
    """A port whose packets nftables gives another destination."""

    name: str
    protocol: str
    port: int
    mesh: bool
    """They come by wg0, to its address; else from outside."""
    sources: Sources
    """From where; of no meaning for the mesh."""
    here: int | None
    """The port of this node where the service answers; None: it does not run here."""
    program: bool
    """At `here` a program or a pod's host port is asked, at any address; else a NodePort, at wg0's alone."""
    servers: tuple[Server, ...]
    """Other hosts."""


@dataclass(frozen=True)
class Guarded:
    """A port to which only these may send."""

    name: str
    protocol: str
    port: int
    sources: Sources | None
    """None: who is in the mesh."""
    program: bool = False
    """A program of this node listens at the port, at whatever addresses; else we do, for the mesh at wg0's."""


@dataclass(frozen=True)
class Serving:
    """All of it. Each name occurs once in `proxied` and once in `readdressed`."""

    address: IPv4Address
    """Of wg0."""
    proxied: tuple[Proxied, ...]
    readdressed: tuple[Readdressed, ...]
    guarded: tuple[Guarded, ...]

    @property
    def anything(self) -> bool:
        """Tell whether this node has anything to do with services."""
        return bool(self.guarded)


def servings(spec: Spec, entries: Iterable[Entry]) -> dict[str, Serving]:
    """Return what each node does for services, by its name."""
    here: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        here[entry.node].append(entry)
    return {node.name: _of_node(node, here.get(node.name, []), inner_hops(spec, node)) for node in spec.nodes}


def _of_node(node: Node, here: list[Entry], hops: tuple[Service, ...]) -> Serving:
    """Return what a node does, from the entries at this node and its inner hops."""
    proxied: list[Proxied] = []
    readdressed: list[Readdressed] = []
    guarded = [_guard(entry.service) for entry in here]
    for entry in here:
        service = entry.service
        if _by_itself(service):
            continue
        servers = _servers(entry)
        if service.protocol == TCP and service.client_address != KEPT:
            with_header = service.client_address == PROXY_PROTOCOL
            proxied.append(Proxied(service.name, service.port, entry.addresses, servers, with_header))
        else:
            readdressed.append(_readdressed(entry, node, servers))
    for service in hops:
        if service.target is None:
            continue
        name = f"{service.name}.target"  # no service is named so
        target = (Server("target", *service.target),)
        if service.protocol == TCP:
            proxied.append(Proxied(name, service.port, (), target))
        else:
            readdressed.append(Readdressed(name, service.protocol, service.port, True, (), None, False, target))
        guarded.append(Guarded(name, service.protocol, service.port, None))
    return Serving(node.address, tuple(proxied), tuple(readdressed), tuple(guarded))


def _guard(service: Service) -> Guarded:
    return Guarded(service.name, service.protocol, service.port, service.callers, _by_itself(service))


def _by_itself(service: Service) -> bool:
    """Tell whether the program listens at the service's very port."""
    return service.client_address == KEPT and service.host_port == service.port


def _servers(entry: Entry) -> tuple[Server, ...]:
    first = entry.site if entry.near else None
    return tuple(Server(one.node, str(one.address), one.port, near=first in (None, one.site)) for one in entry.backends)


def _readdressed(entry: Entry, node: Node, servers: tuple[Server, ...]) -> Readdressed:
    """Return what nftables does at an entry; a target that this node reaches itself needs no hop through wg0."""
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
