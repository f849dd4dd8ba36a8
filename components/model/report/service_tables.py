"""What people are told of services: where they are reached, by which way, what to write in DNS, what to open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from components.model.mesh.routing import Routes
from components.model.report.markdown import table
from components.model.report.short_names import short_names
from components.model.services.entries import Backend, Entry, entries, inner_hops, sites_of
from components.model.services.public_hosts import outside
from components.model.spec import Endpoint, Node, Spec
from components.model.spec.families import IPV6, family_of
from components.model.spec.service import EVERYBODY, Service

_SHOWN = 3
"""So many nodes of one way are named."""


def reached(spec: Spec) -> dict[str, tuple[Entry, ...]]:
    """Return where each service is reached, by its name, with inner hops that members of the mesh come to."""
    found: dict[str, list[Entry]] = {service.name: [] for service in spec.services}
    for entry in entries(spec):
        found[entry.service.name].append(entry)
    for node in spec.nodes:
        for service in inner_hops(spec, node):
            if service.sources is None:
                why = "`from: mesh`: members of the mesh come to where it runs"
                backend = Backend(node.name, node.address, service.port)
                found[service.name].append(Entry(service, node.name, (), "direct", why, (backend,)))
    return {name: tuple(ways) for name, ways in found.items()}


def services_data(spec: Spec, routes: Routes) -> dict[str, dict[str, object]]:
    """Return the output `services`."""
    return {
        name: {
            "mode": modes(ways),
            "why": _whys(ways),
            "port": ways[0].service.port,
            "protocol": ways[0].service.protocol,
            "addresses": _unique(host for entry in ways for host in _hosts(spec, entry)),
            "paths": [path(spec, routes, entry) for entry in ways],
            "dns": dns_records(ways),
            "firewall": [f"{what} from {sources}, to {host}" for what, sources, host in requests(spec, ways)],
        }
        for name, ways in reached(spec).items()
    }


def services_table(spec: Spec) -> str:
    """Return a table with a row for each service; empty when none is declared."""
    short, rows = short_names(spec), []
    for name, ways in reached(spec).items():
        service = ways[0].service
        where = ", ".join(_at(spec, entry) for entry in ways[:_SHOWN]) + _more(ways)
        through = _some([short[entry.node] for entry in ways])
        runs = ", ".join(site.name for site in sites_of(spec, service))
        rows.append([name, where, through, runs, modes(ways), _whys(ways)])
    return table(["service", "reached at", "enters at", "runs at", "mode", "why"], rows) if rows else ""


def services_section(spec: Spec, routes: Routes) -> str:
    """Return the section of the readme; empty when no service is declared."""
    if not spec.services:
        return ""
    found = reached(spec)
    paths = "\n".join(f"    {name}: {path(spec, routes, entry)}" for name, ways in found.items() for entry in ways)
    records = [f"    {record}" for ways in found.values() for record in dns_records(ways)]
    dns = "\nDNS records to create:\n\n" + "\n".join(records) + "\n" if records else ""
    return f"""
## Services
{services_table(spec)}

How connections go; what stands behind `else` helps out while nothing nearer answers:

{paths}
{dns}"""


def path(spec: Spec, routes: Routes, entry: Entry) -> str:
    """Return the way of a connection by one entry, in words."""
    short, service = short_names(spec), entry.service
    ends = ", ".join(f"{Endpoint(host, service.port)}/{service.protocol}" for host in _hosts(spec, entry))
    sites = {node.name: node.site for node in spec.nodes}
    near = [one for one in entry.backends if sites[one.node] == sites[entry.node]]
    far = [one for one in entry.backends if one not in near]
    client = "client" if entry.addresses else "member of the mesh"
    legs = _legs(routes, short, entry, near or far)
    backups = f"; else {_legs(routes, short, entry, far)}" if near and far else ""
    return f"{client} -> {short[entry.node]} ({ends}) -> {legs}{backups}"


def _legs(routes: Routes, short: dict[str, str], entry: Entry, backends: list[Backend]) -> str:
    ways: dict[tuple[str, ...], list[str]] = defaultdict(list)
    legs, service = [], entry.service
    for one in backends:
        name = short[one.node] if service.target else f"{short[one.node]}:{one.port}"
        if one.node == entry.node:
            legs.append("" if service.target else name)
        else:
            relays = tuple(short[relay] for relay in routes.path(entry.node, one.node)[1:-1])
            ways[relays].append(name)
    legs += [" -> ".join(["wg0", *relays, _some(names)]) for relays, names in ways.items()]
    target = str(Endpoint(*service.target)) if service.target else ""
    return " or ".join(" -> ".join(filter(None, (leg, target))) for leg in legs)


def dns_records(ways: Sequence[Entry]) -> list[str]:
    """Return the records to create for a service; none for one of the mesh.

    A name beside other addresses cannot be a CNAME (RFC 1034, section 3.6.2).
    """
    hosts = _unique(host for entry in ways for host in entry.addresses)
    records = []
    for host in hosts:
        family = family_of(host)
        if family:
            kind = "AAAA" if family == IPV6 else "A"
            records.append(f"{ways[0].service.name} {kind} {host}")
        elif len(hosts) == 1:
            records.append(f"{ways[0].service.name} CNAME {host.removesuffix('.')}.")
        else:
            records.append(f"{ways[0].service.name} A, AAAA: those of {host}, kept as they are there")
    return records


def requests(spec: Spec, ways: Iterable[Entry]) -> Iterator[list[str]]:
    """Yield what firewalls have to let through: port and address, from where, to which host."""
    public, nodes = outside(spec).public, {node.name: node for node in spec.nodes}
    for entry in ways:
        service, node = entry.service, nodes[entry.node]
        port = f"{service.protocol.upper()} {service.port}"
        for host in entry.addresses:
            own = host in public.get(entry.node, ())
            yield [f"{port} at {host}", _sources(service, host), node.name if own else _inner(node, host, port)]


def _inner(node: Node, host: str, port: str) -> str:
    """Return where a router forwards a port to."""
    same = node.lan_address and family_of(host) in (None, family_of(str(node.lan_address)))
    return f"{node.name}, {port}" + (f" at {node.lan_address}" if same else "")


def _sources(service: Service, host: str) -> str:
    if service.sources == EVERYBODY:
        return "any address"
    family = family_of(host)
    fitting = (net for net in service.sources or () if family is None or family_of(str(net.network_address)) == family)
    return ", ".join(map(str, fitting))


def modes(ways: Iterable[Entry]) -> str:
    """Return the modes of a service's entries: one, or both."""
    return " and ".join(sorted({entry.mode for entry in ways}))


def _hosts(spec: Spec, entry: Entry) -> tuple[str, ...]:
    return entry.addresses or (str(spec.node(entry.node).address),)


def _at(spec: Spec, entry: Entry) -> str:
    service = entry.service
    return ", ".join(f"{Endpoint(host, service.port)}/{service.protocol}" for host in _hosts(spec, entry))


def _whys(ways: Iterable[Entry]) -> str:
    return "; ".join(_unique(entry.why for entry in ways))


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + _more(names)


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""


def _unique(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))
