"""What each site's network group is asked for, in Markdown: a UDP port, from where, to which host."""

from collections import defaultdict

from components.model.clients import clients_by
from components.model.render.markdown import table
from components.model.routing import Routes
from components.model.spec import Endpoint, Node, Site, Spec


def firewall_requests(spec: Spec, routes: Routes) -> str:
    """Return a sheet for each site."""
    return "\n\n".join(_sheet(spec, routes, site) for site in spec.sites)


def _sheet(spec: Spec, routes: Routes, site: Site) -> str:
    inwards = [row for node in site.nodes if (row := _inwards(spec, routes, node))]
    lines = [f"### {site.name}"]
    if inwards:
        lines.append(table(["open inwards", "from", "leads to"], inwards))
    else:
        lines.append("Inwards: nothing to open.")
    outwards = _outwards(spec, routes, site)
    if outwards:
        lines += ["", f"Outwards, with the answers to it: UDP from {_hosts(site)} to {outwards}."]
    return "\n".join(lines)


def _inwards(spec: Spec, routes: Routes, node: Node) -> list[str]:
    """Return the row of a node that others speak to from outside; empty for another one."""
    callers = [
        other for other in _outside(spec, routes, node) if node.endpoint and routes.reachability.endpoint(other, node)
    ]
    guests = clients_by(spec, node)
    if not (callers or guests) or not node.endpoint:
        return []
    forwarded = node.lan_address or node.endpoint.port != spec.mesh.listen_port
    port = f", UDP {spec.mesh.listen_port}" if forwarded else ""
    inner = f"{node.name}{port}" + (f" at {node.lan_address}" if node.lan_address else "")
    sources = "any address (roaming clients come from everywhere)" if guests else _sources(spec, callers)
    return [f"UDP {node.endpoint.port} at {node.endpoint.host}", sources, inner]


def _sources(spec: Spec, callers: list[Node]) -> str:
    """Return the addresses that callers come from, as far as endpoints of theirs or of their sites tell."""
    sites = {site.name: site.endpoint for site in spec.sites}
    known = [(node, endpoint.host) for node in callers if (endpoint := node.endpoint or sites[node.site])]
    if len(known) == len(callers):
        return _by_site(known)
    unknown = sorted({node.site for node in callers if not node.endpoint and not sites[node.site]})
    return f"any address (that of {', '.join(unknown)} is not in the configuration)"


def _outwards(spec: Spec, routes: Routes, site: Site) -> str:
    called: dict[str, tuple[Node, Endpoint]] = {}
    for node in site.nodes:
        for other in _outside(spec, routes, node):
            endpoint = routes.reachability.endpoint(node, other)
            if endpoint:
                called[other.name] = (other, endpoint)
    return _by_site([(node, str(endpoint)) for node, endpoint in called.values()])


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
