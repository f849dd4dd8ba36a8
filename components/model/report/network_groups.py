"""What each site's network group is asked for, in Markdown: ports, from where, to which host."""

from collections import defaultdict
from collections.abc import Iterator

from components.model.mesh.client_gateways import clients_by
from components.model.mesh.routing import Routes
from components.model.report.markdown import table
from components.model.report.service_tables import requests
from components.model.services.entries import Entry, entries
from components.model.spec import Endpoint, Node, Site, Spec
from components.model.spec.families import IPV6, family_of


def firewall_requests(spec: Spec, routes: Routes) -> str:
    """Return a sheet for each site."""
    services = entries(spec)
    return "\n\n".join(_sheet(spec, routes, site, services) for site in spec.sites)


def _sheet(spec: Spec, routes: Routes, site: Site, services: tuple[Entry, ...]) -> str:
    inwards = [row for node in site.nodes for row in _inwards(spec, routes, node)]
    names = {node.name for node in site.nodes}
    inwards += requests(spec, [entry for entry in services if entry.node in names])
    lines = [f"### {site.name}"]
    if inwards:
        lines.append(table(["open inwards", "from", "leads to"], inwards))
    else:
        lines.append("Inwards: nothing to open.")
    outwards = _outwards(spec, routes, site)
    if outwards:
        lines += ["", f"Outwards, with the answers to it: UDP from {_hosts(site)} to {outwards}."]
    return "\n".join(lines)


def _inwards(spec: Spec, routes: Routes, node: Node) -> Iterator[list[str]]:
    """Yield a row for each endpoint of a node that others speak to from outside."""
    guests = clients_by(spec, node)
    for endpoint in node.endpoints:
        callers = [
            other for other in _outside(spec, routes, node) if routes.reachability.endpoint(other, node) == endpoint
        ]
        if callers or guests:
            # A LAN address of the other family is not where this endpoint is forwarded to.
            lan = node.lan_address if _same_family(node.lan_address, endpoint) else None
            forwarded = lan or endpoint.port != spec.mesh.listen_port
            port = f", UDP {spec.mesh.listen_port}" if forwarded else ""
            inner = f"{node.name}{port}" + (f" at {lan}" if lan else "")
            sources = (
                "any address (roaming clients come from everywhere)" if guests else _sources(spec, callers, endpoint)
            )
            yield [f"UDP {endpoint.port} at {endpoint.host}", sources, inner]


def _same_family(address: object, endpoint: Endpoint) -> bool:
    return endpoint.family in (None, family_of(str(address)))


def _sources(spec: Spec, callers: list[Node], called: Endpoint) -> str:
    """Return the addresses that callers come from, as far as endpoints of theirs or of their sites tell."""
    sites = {site.name: site.endpoints for site in spec.sites}

    def source(caller: Node) -> str | None:
        endpoints = caller.endpoints or sites[caller.site]
        fitting = (own.host for own in endpoints if own.family is None or called.family in (None, own.family))
        return next(fitting, None)

    known = [(node, host) for node in callers if (host := source(node))]
    if len(known) == len(callers):
        return _by_site(known)
    unknown = sorted({node.site for node in callers if not source(node)})
    of_family = f"{called.family} " if called.family == IPV6 else ""
    return f"any {of_family}address (that of {', '.join(unknown)} is not in the configuration)"


def _outwards(spec: Spec, routes: Routes, site: Site) -> str:
    called: dict[Endpoint, Node] = {}
    for node in site.nodes:
        for other in _outside(spec, routes, node):
            endpoint = routes.reachability.endpoint(node, other)
            if endpoint:
                called[endpoint] = other
    return _by_site([(node, str(endpoint)) for endpoint, node in called.items()])


def _outside(spec: Spec, routes: Routes, node: Node) -> list[Node]:
    """Return the other sites' nodes that have a tunnel with a node."""
    return [other for other in spec.nodes if other.name in routes.tunnels[node.name] and other.site != node.site]


def _by_site(found: list[tuple[Node, str]]) -> str:
    sites: dict[str, list[str]] = defaultdict(list)
    for node, text in sorted(found, key=lambda pair: pair[0].site):
        if text not in sites[node.site]:
            sites[node.site].append(text)
    return "; ".join(f"{', '.join(texts)} ({site})" for site, texts in sites.items())


def _hosts(site: Site) -> str:
    return site.nodes[0].name if len(site.nodes) == 1 else f"the {len(site.nodes)} hosts"
