"""Markdown sheets for the sites' network groups: ports to open, their callers, and the hosts behind them."""

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
        lines.append(table(["open inbound", "from", "leads to"], rows))
    else:
        lines.append("Inbound: nothing to open.")
    if request.outwards:
        called = _by_site((site, map(str, endpoints)) for site, endpoints in request.outwards.items())
        lines += ["", f"Outbound, and the replies: UDP from {_hosts(request.site)} to {called}."]
    return "\n".join(lines)


def port(opening: Opening) -> str:
    """Return the port to open, and its address."""
    return f"{opening.protocol.upper()} {opening.port} at {opening.host}"


def leads_to(opening: Opening) -> str:
    """Return the host, with the port and address to which a router forwards."""
    inner = f", {opening.protocol.upper()} {opening.inner_port}" if opening.inner_port else ""
    return f"{opening.node}{inner}" + (f" at {opening.lan_address}" if opening.lan_address else "")


def callers(sources: Callers) -> str:
    """Return where the packets come from, in words."""
    if sources.anybody:
        return "any address"
    if sources.roaming:
        return "any address (roaming clients can be anywhere)"
    if sources.unknown:
        family = f"{sources.family} " if sources.family == IPV6 else ""
        return f"any {family}address (the configuration has none for {', '.join(sources.unknown)})"
    return ", ".join(sources.ranges) if sources.ranges else _by_site(sources.sites.items())


def _by_site(sites: Iterable[tuple[str, Iterable[str]]]) -> str:
    return "; ".join(f"{', '.join(addresses)} ({site})" for site, addresses in sites)


def _hosts(site: Site) -> str:
    return site.nodes[0].name if len(site.nodes) == 1 else f"the {len(site.nodes)} hosts"
