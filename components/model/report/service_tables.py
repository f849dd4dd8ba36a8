"""What people are told of services: where they are reached, by which way, what to write in DNS, what to open."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from components.model.mesh.routing import Routes
from components.model.overview import Overview
from components.model.report.markdown import table
from components.model.report.network_groups import callers, leads_to, port
from components.model.report.short_names import short_names
from components.model.services.dns import SAME_AS, Record
from components.model.services.entries import Backend, Entry
from components.model.spec import Endpoint, Spec

_SHOWN = 3
"""So many nodes of one way are named."""


def services_data(overview: Overview) -> dict[str, dict[str, object]]:
    """Return the output `services`."""
    return {
        name: {
            "mode": modes(ways),
            "why": _whys(ways),
            "port": ways[0].service.port,
            "protocol": ways[0].service.protocol,
            "addresses": _unique(host for entry in ways for host in _hosts(overview.spec, entry)),
            "paths": [path(overview, entry) for entry in ways],
            "dns": list(map(record, overview.records[name])),
            "firewall": [
                f"{port(opening)} from {callers(opening.callers)}, to {leads_to(opening)}"
                for opening in overview.openings[name]
            ],
        }
        for name, ways in overview.reached.items()
    }


def services_table(overview: Overview) -> str:
    """Return a table with a row for each service; empty when none is declared."""
    short, rows = short_names(overview.spec), []
    for name, ways in overview.reached.items():
        where = ", ".join(_at(overview.spec, entry) for entry in ways[:_SHOWN]) + _more(ways)
        through = _some([short[entry.node] for entry in ways])
        rows.append([name, where, through, ", ".join(overview.runs_at[name]), modes(ways), _whys(ways)])
    return table(["service", "reached at", "enters at", "runs at", "mode", "why"], rows) if rows else ""


def services_section(overview: Overview) -> str:
    """Return the section of the readme; empty when no service is declared."""
    if not overview.reached:
        return ""
    paths = "\n".join(
        f"    {name}: {path(overview, entry)}" for name, ways in overview.reached.items() for entry in ways
    )
    records = [f"    {record(one)}" for records in overview.records.values() for one in records]
    dns = "\nDNS records to create:\n\n" + "\n".join(records) + "\n" if records else ""
    return f"""
## Services
{services_table(overview)}

How connections go; what stands behind `else` helps out while nothing nearer answers:

{paths}
{dns}"""


def path(overview: Overview, entry: Entry) -> str:
    """Return the way of a connection by one entry, in words."""
    short, routes = short_names(overview.spec), overview.plan.routes
    near, far = entry.near, entry.far
    client = "client" if entry.addresses else "member of the mesh"
    legs = _legs(routes, short, entry, near or far)
    backups = f"; else {_legs(routes, short, entry, far)}" if near and far else ""
    return f"{client} -> {short[entry.node]} ({_at(overview.spec, entry)}) -> {legs}{backups}"


def _legs(routes: Routes, short: dict[str, str], entry: Entry, backends: Iterable[Backend]) -> str:
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


def record(one: Record) -> str:
    """Return a record as it is written in a zone file; for a name beside addresses, what to do instead."""
    if one.kind == SAME_AS:
        return f"{one.name} A, AAAA: those of {one.value}, kept as they are there"
    value = f"{one.value.removesuffix('.')}." if one.kind == "CNAME" else one.value
    return f"{one.name} {one.kind} {value}"


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


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
