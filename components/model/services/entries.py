"""Where services enter and where their traffic goes on to.

A service that is not for the mesh alone enters at public nodes of the sites where it runs, or, where those have none,
at one public node of each other site; from there it crosses wg0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from components.model.services.public_hosts import Addresses, PublicHosts
from components.model.spec import WORKER, Node, Site, Spec
from components.model.spec.families import FAMILIES
from components.model.spec.service import DIRECT, KEPT, TUNNEL, Service


@dataclass(frozen=True)
class Backend:
    """Where an entry sends connections to."""

    node: str
    site: str
    address: IPv4Address
    """Its address of wg0."""
    port: int
    """There: the NodePort, the hostPort, or for a target that of the node's own inner hop, which is the service's."""


@dataclass(frozen=True)
class Entry:
    """One service at one entry node."""

    service: Service
    node: str
    site: str
    addresses: Addresses
    """Where clients come: IPs or a name; none for a service of the mesh, which enters at wg0's."""
    mode: str
    """direct: it runs at this entry's site. tunnel: its traffic crosses wg0 to another site."""
    why: str
    """One clause, for people."""
    backends: tuple[Backend, ...]
    """This node itself first, then its site's, then the others: these only help out where there are nearer ones."""

    @property
    def near(self) -> tuple[Backend, ...]:
        """The backends at this entry's own site."""
        return tuple(backend for backend in self.backends if backend.site == self.site)

    @property
    def far(self) -> tuple[Backend, ...]:
        """The backends at other sites."""
        return tuple(backend for backend in self.backends if backend.site != self.site)


@dataclass(frozen=True)
class Doorway:
    """A node where a service enters."""

    node: Node
    addresses: Addresses
    why: str


def entries_of(spec: Spec, public: PublicHosts) -> tuple[Entry, ...]:
    """Return all entries, in the order of the services and of their nodes."""
    if not spec.services:
        return ()
    return tuple(
        _entry(service, one, [spec.node(name) for name in service.nodes])
        for service in spec.services
        for one in enters(spec, public, service)
    )


def reached(spec: Spec, entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Return where each service is reached, by its name, with inner hops that members of the mesh come to."""
    ways: dict[str, list[Entry]] = {service.name: [] for service in spec.services}
    for entry in entries:
        ways[entry.service.name].append(entry)
    for node in spec.nodes:
        for service in inner_hops(spec, node):
            if service.sources is None:
                why = "`from: mesh`: members of the mesh come to where it runs"
                backend = Backend(node.name, node.site, node.address, service.port)
                ways[service.name].append(Entry(service, node.name, node.site, (), DIRECT, why, (backend,)))
    return {name: tuple(entries) for name, entries in ways.items()}


def inner_hops(spec: Spec, node: Node) -> tuple[Service, ...]:
    """Return the services with a target that a node forwards from its wg0 address, at the service's port."""
    return tuple(service for service in spec.services if service.target and node.name in service.nodes)


def placed(sites: Sequence[Site], words: Iterable[str]) -> tuple[Node, ...]:
    """Return the nodes that names of sites and nodes stand for, in the order of sites; unknown names for none.

    A site stands for its workers, or for all its nodes where it has none.
    """
    named = set(words)
    found = []
    for site in sites:
        workers = [node for node in site.nodes if WORKER in node.roles] or list(site.nodes)
        found += [node for node in site.nodes if node.name in named or (site.name in named and node in workers)]
    return tuple(found)


def enters(spec: Spec, found: PublicHosts, service: Service) -> tuple[Doorway, ...]:
    """Return where a service enters; none: it cannot. `found` is where the nodes are reached from outside."""
    if service.sources is None:
        return _of_mesh(spec, service)
    if not service.families:
        return ()
    if service.entries:
        return tuple(
            Doorway(node, addresses, _declared(found, node, addresses))
            for node in named_entries(spec, found, service)
            if (addresses := found.leading_to(service, node))
        )
    if service.client_address == KEPT:
        why = "`clientAddress: kept`: clients come to the program itself, where its nodes are public"
        return _public([node for node in spec.nodes if node.name in service.nodes], found, service, why)
    runs = sites_of(spec, service)
    own = _public([node for site in runs for node in site.nodes], found, service, "")
    if service.mode == DIRECT or (own and service.mode != TUNNEL):
        why = _why_direct(runs, own, service)
        return tuple(Doorway(one.node, one.addresses, why) for one in own)
    return _through_others(spec, found, service, runs)


def named_entries(spec: Spec, found: PublicHosts, service: Service) -> tuple[Node, ...]:
    """Return the nodes that `entries` stands for where clients come from outside.

    A site stands for its public nodes; where it has none, for one node at each address of its router: a port is
    forwarded to one host only.
    """
    names = set(service.entries)
    for site in spec.sites:
        if site.name in service.entries:
            public = [node.name for node in site.nodes if found.fitting(service, node)]
            names |= set(public or _behind_router(site, found, service))
    return tuple(node for node in spec.nodes if node.name in names)


def sites_of(spec: Spec, service: Service) -> tuple[Site, ...]:
    """Return the sites where a service runs."""
    return tuple(site for site in spec.sites if any(node.name in service.nodes for node in site.nodes))


def _of_mesh(spec: Spec, service: Service) -> tuple[Doorway, ...]:
    """Return the nodes at whose wg0 addresses it is reached. A target's inner hop listens there already."""
    why = "`from: mesh`: members of the mesh come to where it runs"
    if service.entries:
        why = "`entries` says so"
    nodes = placed(spec.sites, service.entries or service.nodes)
    return tuple(
        Doorway(node, (), why) for node in nodes if not (service.target is not None and node.name in service.nodes)
    )


def _public(nodes: Iterable[Node], found: PublicHosts, service: Service, why: str) -> tuple[Doorway, ...]:
    return tuple(Doorway(node, addresses, why) for node in nodes if (addresses := found.fitting(service, node)))


def _through_others(spec: Spec, found: PublicHosts, service: Service, runs: tuple[Site, ...]) -> tuple[Doorway, ...]:
    """Return one public node of each site where the service does not run, a gateway first."""
    why = "`mode: tunnel`"
    if service.mode != TUNNEL:
        why = f"it runs at {_names(runs)}, without a public {_family(service)}node"
    others: list[Doorway] = []
    for site in spec.sites:
        if site not in runs:
            nodes = sorted(site.nodes, key=lambda node: _rank(site, node))
            others += _public(nodes, found, service, why)[:1]
    return tuple(others)


def _behind_router(site: Site, found: PublicHosts, service: Service) -> list[str]:
    first: dict[Addresses, str] = {}
    for node in sorted(site.nodes, key=lambda node: (not node.endpoints, _rank(site, node))):
        addresses = found.leading_to(service, node)
        if addresses:
            first.setdefault(addresses, node.name)
    return list(first.values())


def _rank(site: Site, node: Node) -> int:
    """Return what orders a site's nodes: its gateways as preferred, then the others."""
    return site.gateways.index(node.name) if node.name in site.gateways else len(site.gateways)


def _declared(found: PublicHosts, node: Node, addresses: Addresses) -> str:
    if set(addresses) <= set(found.public.get(node.name, ())):
        return "`entries` says so"
    return "`entries` says so: the router before it has to forward the port"


def _why_direct(runs: tuple[Site, ...], own: tuple[Doorway, ...], service: Service) -> str:
    here = {one.node.site for one in own}
    opened = [site for site in runs if site.name in here]
    closed = [site for site in runs if site.name not in here]
    if service.mode == DIRECT:
        return "`mode: direct`"
    without = f"; what runs at {_names(closed)}, without one, is a backup over wg0" if closed else ""
    return f"it runs at {_names(opened)}, with public {_family(service)}nodes{without}"


def _family(service: Service) -> str:
    return f"{service.families[0]} " if len(service.families) < len(FAMILIES) else ""


def _names(sites: Iterable[Site]) -> str:
    return " and ".join(site.name for site in sites)


def _entry(service: Service, one: Doorway, nodes: list[Node]) -> Entry:
    near = sorted((node for node in nodes if node.site == one.node.site), key=lambda node: node.name != one.node.name)
    mode = DIRECT if near else TUNNEL
    others = [node for node in nodes if node.site != one.node.site]
    if service.client_address == KEPT:
        near, others = [one.node], []
    elif service.mode == DIRECT:
        others = []
    return Entry(
        service,
        one.node.name,
        one.node.site,
        one.addresses,
        mode,
        one.why,
        tuple(Backend(node.name, node.site, node.address, service.backend_port) for node in [*near, *others]),
    )
