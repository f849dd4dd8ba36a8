"""Services for people: addresses, paths of connections, DNS records, and the output `services`."""

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
"""Number of nodes that are listed by name."""


def services_data(overview: Overview) -> dict[str, dict[str, object]]:
    """Return the output `services`, by the name of the service. It holds no secrets."""
    return {
        name: {
            "mode": modes(entries),
            "why": _whys(entries),
            "port": entries[0].service.port,
            "protocol": entries[0].service.protocol,
            "addresses": _unique(host for entry in entries for host in _hosts(overview.spec, entry)),
            "paths": [path(overview, entry) for entry in entries],
            "dns": list(map(record, overview.records[name])),
            "firewall": [
                f"{port(opening)} from {callers(opening.callers)}, to {leads_to(opening)}"
                for opening in overview.openings[name]
            ],
        }
        for name, entries in overview.reached.items()
    }


def services_table(overview: Overview) -> str:
    """Return a table with a row for each service; empty when none is declared."""
    short, rows = short_names(overview.spec), []
    for name, entries in overview.reached.items():
        addresses = ", ".join(_at(overview.spec, entry) for entry in entries[:_SHOWN]) + _more(entries)
        nodes = _some([short[entry.node] for entry in entries])
        rows.append([name, addresses, nodes, ", ".join(overview.runs_at[name]), modes(entries), _whys(entries)])
    return table(["service", "reached at", "enters at", "runs at", "mode", "why"], rows) if rows else ""


def services_section(overview: Overview) -> str:
    """Return the section of the readme; empty when no service is declared."""
    if not overview.reached:
        return ""
    paths = "\n".join(
        f"    {name}: {path(overview, entry)}" for name, entries in overview.reached.items() for entry in entries
    )
    records = [f"    {record(each)}" for records in overview.records.values() for each in records]
    dns = "\nDNS records to create:\n\n" + "\n".join(records) + "\n" if records else ""
    return f"""
## Services
{services_table(overview)}

Paths of connections. The backends after `else` are used only while no nearer one answers:

{paths}
{dns}"""


def path(overview: Overview, entry: Entry) -> str:
    """Return the path of a connection through an entry, in words."""
    short, routes = short_names(overview.spec), overview.plan.routes
    near, far = entry.near, entry.far
    client = "client" if entry.addresses else "member of the mesh"
    legs = _legs(routes, short, entry, near or far)
    backups = f"; else {_legs(routes, short, entry, far)}" if near and far else ""
    return f"{client} -> {short[entry.node]} ({_at(overview.spec, entry)}) -> {legs}{backups}"


def _legs(routes: Routes, short: dict[str, str], entry: Entry, backends: Iterable[Backend]) -> str:
    by_relays: dict[tuple[str, ...], list[str]] = defaultdict(list)
    legs, service = [], entry.service
    for backend in backends:
        name = short[backend.node] if service.target else f"{short[backend.node]}:{backend.port}"
        if backend.node == entry.node:
            legs.append("" if service.target else name)
        else:
            relays = tuple(short[relay] for relay in routes.path(entry.node, backend.node)[1:-1])
            by_relays[relays].append(name)
    legs += [" -> ".join(["wg0", *relays, _some(names)]) for relays, names in by_relays.items()]
    target = str(Endpoint(*service.target)) if service.target else ""
    return " or ".join(" -> ".join(filter(None, (leg, target))) for leg in legs)


def record(entry: Record) -> str:
    """Return a record in the form of a zone file; for SAME_AS, where to copy the addresses from."""
    if entry.kind == SAME_AS:
        return f"{entry.name} A, AAAA: copy those of {entry.value}, and keep them up to date"
    value = f"{entry.value.removesuffix('.')}." if entry.kind == "CNAME" else entry.value
    return f"{entry.name} {entry.kind} {value}"


def modes(entries: Iterable[Entry]) -> str:
    """Return the modes of a service's entries: one, or both."""
    return " and ".join(sorted({entry.mode for entry in entries}))


def _hosts(spec: Spec, entry: Entry) -> tuple[str, ...]:
    return entry.addresses or (str(spec.node(entry.node).address),)


def _at(spec: Spec, entry: Entry) -> str:
    service = entry.service
    return ", ".join(f"{Endpoint(host, service.port)}/{service.protocol}" for host in _hosts(spec, entry))


def _whys(entries: Iterable[Entry]) -> str:
    return "; ".join(_unique(entry.why for entry in entries))


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + _more(names)


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
