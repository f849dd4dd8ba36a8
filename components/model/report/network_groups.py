"""The sheets for sites' network groups, in Markdown: ports, from where, to which host."""

from collections.abc import Iterable

from components.model.firewall.callers import Callers
from components.model.firewall.requests import Opening, Request
from components.model.report.markdown import table
from components.model.spec import Site
from components.model.spec.families import IPV6


def network_groups(requests: Iterable[Request]) -> str:
    """Return a sheet for each site."""
    return "\n\n".join(map(_sheet, requests))


def _sheet(request: Request) -> str:
    lines = [f"### {request.site.name}"]
    if request.inwards:
        rows = [[port(opening), callers(opening.callers), leads_to(opening)] for opening in request.inwards]
        lines.append(table(["open inwards", "from", "leads to"], rows))
    else:
        lines.append("Inwards: nothing to open.")
    if request.outwards:
        to = _by_site((site, map(str, endpoints)) for site, endpoints in request.outwards.items())
        lines += ["", f"Outwards, with the answers to it: UDP from {_hosts(request.site)} to {to}."]
    return "\n".join(lines)


def port(opening: Opening) -> str:
    """Return what is to be opened."""
    return f"{opening.protocol.upper()} {opening.port} at {opening.host}"


def leads_to(opening: Opening) -> str:
    """Return the host, and the port and address that a router forwards to."""
    inner = f", {opening.protocol.upper()} {opening.inner_port}" if opening.inner_port else ""
    return f"{opening.node}{inner}" + (f" at {opening.lan_address}" if opening.lan_address else "")


def callers(who: Callers) -> str:
    """Return from where packets come."""
    if who.anybody:
        return "any address"
    if who.roaming:
        return "any address (roaming clients come from everywhere)"
    if who.unknown:
        family = f"{who.family} " if who.family == IPV6 else ""
        return f"any {family}address (that of {', '.join(who.unknown)} is not in the configuration)"
    return ", ".join(who.ranges) if who.ranges else _by_site(who.sites.items())


def _by_site(sites: Iterable[tuple[str, Iterable[str]]]) -> str:
    return "; ".join(f"{', '.join(texts)} ({site})" for site, texts in sites)


def _hosts(site: Site) -> str:
    return site.nodes[0].name if len(site.nodes) == 1 else f"the {len(site.nodes)} hosts"
