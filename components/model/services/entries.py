"""Entries: the nodes where services enter, and the backends to which each entry forwards.

A service that is open to clients outside the mesh enters at public nodes of the sites where it runs. Where those sites
have no public node, it enters at one public node of each other site, and its traffic crosses wg0.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from components.model.services.public_hosts import Addresses, PublicHosts
from components.model.spec import WORKER, Node, Site, Spec
from components.model.spec.families import FAMILIES
from components.model.spec.service import DIRECT, KEPT, TUNNEL, Service

_OF_MESH = "`from: mesh`: members of the mesh connect to the nodes where it runs"
_DECLARED = "declared in `entries`"


@dataclass(frozen=True)
class Backend:
    """A node to which an entry forwards connections."""

    node: str
    site: str
    address: IPv4Address
    """WireGuard address of the node."""
    port: int
    """Port at that address: the NodePort, the hostPort, or for a target the service's port at the inner hop."""


@dataclass(frozen=True)
class Entry:
    """One service at one node where it enters."""

    service: Service
    node: str
    site: str
    addresses: Addresses
    """Addresses or names that clients dial; empty for a service of the mesh, which enters at the wg0 address."""
    mode: str
    """DIRECT: the service runs at the entry's site. TUNNEL: its traffic crosses wg0 to another site."""
    why: str
    """Reason for this entry: one clause, for people."""
    near: tuple[Backend, ...]
    """Backends at the entry's own site, the node itself first."""
    far: tuple[Backend, ...] = ()
    """Backends at other sites: backups where the site has backends. Entries of one site share the tuple."""

    @property
    def backends(self) -> tuple[Backend, ...]:
        """All backends, the near ones first."""
        return self.near + self.far


@dataclass(frozen=True)
class EntryNode:
    """A node where a service enters; the fields are those of Entry."""

    node: Node
    addresses: Addresses
    why: str


def entries_of(spec: Spec, public: PublicHosts) -> tuple[Entry, ...]:
    """Return all entries, in the order of the services and of their nodes."""
    if not spec.services:
        return ()
    return tuple(entry for service in spec.services for entry in _entries(service, spec, public))


def reached(spec: Spec, entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of each service, by its name, including inner hops that members of the mesh dial."""
    by_service: dict[str, list[Entry]] = {service.name: [] for service in spec.services}
    for entry in entries:
        by_service[entry.service.name].append(entry)
    for node in spec.nodes:
        for service in inner_hops(spec, node):
            if service.sources is None:
                backend = Backend(node.name, node.site, node.address, service.port)
                entry = Entry(service, node.name, node.site, (), DIRECT, _OF_MESH, (backend,))
                by_service[service.name].append(entry)
    return {name: tuple(entries) for name, entries in by_service.items()}


def inner_hops(spec: Spec, node: Node) -> tuple[Service, ...]:
    """Return the services with a target that a node forwards from its wg0 address, at the service's port."""
    return tuple(service for service in spec.services if service.target and node.name in service.nodes)


def placed(sites: Sequence[Site], names: Iterable[str]) -> tuple[Node, ...]:
    """Return the nodes that names of sites and nodes refer to, in the order of the sites; unknown names are ignored.

    The name of a site refers to its workers, or to all its nodes where it has no worker.
    """
    named = set(names)
    nodes: list[Node] = []
    for site in sites:
        workers = [node for node in site.nodes if WORKER in node.roles] or list(site.nodes)
        nodes += [node for node in site.nodes if node.name in named or (site.name in named and node in workers)]
    return tuple(nodes)


def enters(spec: Spec, public: PublicHosts, service: Service) -> tuple[EntryNode, ...]:
    """Return the nodes where a service enters; empty: no node is public for it."""
    if service.sources is None:
        return _of_mesh(spec, service)
    if not service.families:
        return ()
    if service.entries:
        return tuple(
            EntryNode(node, addresses, _why_declared(public, node, addresses))
            for node in named_entries(spec, public, service)
            if (addresses := public.leading_to(service, node))
        )
    if service.client_address == KEPT:
        why = "`clientAddress: kept`: clients connect to the program itself, on its public nodes"
        return _public_nodes([node for node in spec.nodes if node.name in service.nodes], public, service, why)
    runs = sites_of(spec, service)
    own = _public_nodes([node for site in runs for node in site.nodes], public, service, "")
    if service.mode == DIRECT or (own and service.mode != TUNNEL):
        why = _why_direct(runs, own, service)
        return tuple(replace(entry_node, why=why) for entry_node in own)
    return _through_others(spec, public, service, runs)


def named_entries(spec: Spec, public: PublicHosts, service: Service) -> tuple[Node, ...]:
    """Return the nodes that the service's `entries` refer to, for clients outside the mesh.

    The name of a site refers to its public nodes. Where it has none, it refers to one node for each address of its
    router, because a router forwards a port to one host only.
    """
    names = set(service.entries)
    for site in spec.sites:
        if site.name in service.entries:
            fitting = [node.name for node in site.nodes if public.fitting(service, node)]
            names |= set(fitting or _behind_router(site, public, service))
    return tuple(node for node in spec.nodes if node.name in names)


def sites_of(spec: Spec, service: Service) -> tuple[Site, ...]:
    """Return the sites where a service runs."""
    return tuple(site for site in spec.sites if any(node.name in service.nodes for node in site.nodes))


def _of_mesh(spec: Spec, service: Service) -> tuple[EntryNode, ...]:
    """Return the nodes at whose wg0 addresses a service is reached, except those where an inner hop listens already."""
    why = _DECLARED if service.entries else _OF_MESH
    nodes = placed(spec.sites, service.entries or service.nodes)
    return tuple(
        EntryNode(node, (), why) for node in nodes if not (service.target is not None and node.name in service.nodes)
    )


def _public_nodes(nodes: Iterable[Node], public: PublicHosts, service: Service, why: str) -> tuple[EntryNode, ...]:
    return tuple(EntryNode(node, addresses, why) for node in nodes if (addresses := public.fitting(service, node)))


def _through_others(spec: Spec, public: PublicHosts, service: Service, runs: tuple[Site, ...]) -> tuple[EntryNode, ...]:
    """Return one public node of each site where the service does not run, preferably a gateway."""
    why = "`mode: tunnel`"
    if service.mode != TUNNEL:
        why = f"it runs at {_names(runs)}, without a public {_family(service)}node"
    others: list[EntryNode] = []
    for site in spec.sites:
        if site not in runs:
            nodes = sorted(site.nodes, key=lambda node: _rank(site, node))
            others += _public_nodes(nodes, public, service, why)[:1]
    return tuple(others)


def _behind_router(site: Site, public: PublicHosts, service: Service) -> list[str]:
    """Return the names of the nodes to which a site's router forwards a port: one for each set of its addresses."""
    first: dict[Addresses, str] = {}
    for node in sorted(site.nodes, key=lambda node: (not node.endpoints, _rank(site, node))):
        addresses = public.leading_to(service, node)
        if addresses:
            first.setdefault(addresses, node.name)
    return list(first.values())


def _rank(site: Site, node: Node) -> int:
    """Return the rank of a node in its site: gateways in their order of preference, then the other nodes."""
    return site.gateways.index(node.name) if node.name in site.gateways else len(site.gateways)


def _why_declared(public: PublicHosts, node: Node, addresses: Addresses) -> str:
    if set(addresses) <= set(public.public.get(node.name, ())):
        return _DECLARED
    return f"{_DECLARED}: the router in front of the node must forward the port"


def _why_direct(runs: tuple[Site, ...], own: tuple[EntryNode, ...], service: Service) -> str:
    public_sites = {entry_node.node.site for entry_node in own}
    opened = [site for site in runs if site.name in public_sites]
    closed = [site for site in runs if site.name not in public_sites]
    if service.mode == DIRECT:
        return "`mode: direct`"
    backups = f"; backends at {_names(closed)}, without one, are backups over wg0" if closed else ""
    return f"it runs at {_names(opened)}, with public {_family(service)}nodes{backups}"


def _family(service: Service) -> str:
    return f"{service.families[0]} " if len(service.families) < len(FAMILIES) else ""


def _names(sites: Iterable[Site]) -> str:
    return " and ".join(site.name for site in sites)


def _entries(service: Service, spec: Spec, public: PublicHosts) -> Iterator[Entry]:
    """Yield the entries of a service."""
    nodes = [spec.node(name) for name in service.nodes]
    backends = [Backend(node.name, node.site, node.address, service.backend_port) for node in nodes]
    near: dict[str, list[Backend]] = defaultdict(list)
    for backend in backends:
        near[backend.site].append(backend)
    far: dict[str, tuple[Backend, ...]] = {}
    for entry_node in enters(spec, public, service):
        own, site = entry_node.node.name, entry_node.node.site
        here = sorted(near.get(site, ()), key=lambda backend: backend.node != own)
        mode = DIRECT if here else TUNNEL
        if service.client_address == KEPT:
            here = [Backend(own, site, entry_node.node.address, service.backend_port)]
        if service.client_address == KEPT or service.mode == DIRECT:
            far[site] = ()
        elif site not in far:
            far[site] = tuple(backend for backend in backends if backend.site != site)
        yield Entry(service, own, site, entry_node.addresses, mode, entry_node.why, tuple(here), far[site])
