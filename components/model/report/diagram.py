"""The sites and how they reach each other as a Mermaid flowchart."""

from collections import Counter, defaultdict
from itertools import combinations

from components.model.mesh.reachability import LAN, RELAY
from components.model.mesh.routing import Routes
from components.model.report.short_names import short_names
from components.model.services.flows import Flow, flows
from components.model.spec import Node, Site, Spec
from components.model.spec.families import FAMILIES, IPV4, in_words

_MOST_ALIKE = 4
"""More nodes of one site that are alike are one box."""
_MOST_LINKS = 60
"""With more pairs of sites, those that need no help from anybody are not drawn: there would be nothing to see."""
_STYLES = """\
    classDef gateway fill:#fde68a,stroke:#b45309,stroke-width:2px,color:#1f2937
    classDef port fill:#dbeafe,stroke:#1d4ed8,color:#1f2937
    classDef closed fill:#f3f4f6,stroke:#6b7280,stroke-dasharray:4 3,color:#1f2937
    classDef site fill:#ffffff,stroke:#94a3b8,color:#1f2937"""
_SERVICES = "    classDef service fill:#fce7f3,stroke:#db2777,color:#1f2937"


def diagram(spec: Spec, routes: Routes) -> str:
    """Return the text of a flowchart: a box for each site, links by kind."""
    short = short_names(spec)
    lines = ["flowchart LR"]
    found = flows(spec)
    for number, site in enumerate(spec.sites):
        *box, end = _box(number, site, routes, short)
        here = [flow for flow in found if flow.site == site.name]
        lines += [*box, *(_pill(number, index, flow) for index, flow in enumerate(here)), end]
    links, relayed = _links(spec, routes, short)
    lines += [f"    {link}" for link in links]
    lines += _ways(spec, found)
    if relayed:
        lines.append(f"    linkStyle {','.join(map(str, relayed))} stroke:#b45309,stroke-width:2px")
    sites = ",".join(f"s{number}" for number in range(len(spec.sites)))
    styles = [_STYLES, _SERVICES] if found else [_STYLES]
    return "\n".join([*lines, *styles, f"    class {sites} site"])


def legend(spec: Spec) -> str:
    """Return what the signs mean, one line, and what is left out."""
    left_out = " Sites that reach each other directly, both ways, have no line." if _too_many(spec) else ""
    services = (
        " Rounded boxes are services, where they enter; thick arrows lead to where they run." if spec.services else ""
    )
    return (
        "Arrows point from the side that can speak first to the one that is spoken to; numbers are pairs of nodes. "
        f"Dotted lines go through a gateway (hexagon). Boxes with a dashed border have no port.{services}{left_out}"
    )


def _too_many(spec: Spec) -> bool:
    return len(spec.sites) * (len(spec.sites) - 1) // 2 > _MOST_LINKS


def _box(number: int, site: Site, routes: Routes, short: dict[str, str]) -> list[str]:
    institutions = sorted({node.institution for node in site.nodes})
    on_lan = any(routes.kind(one.name, other.name) == LAN for one, other in combinations(site.nodes, 2))
    lan = f" · LAN{f' {site.lan}' if site.lan else ''}" if on_lan else ""
    title = f"<b>{site.name}</b> · {', '.join(institutions)}{lan}{_families(site)}"
    groups: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in site.nodes:
        form = "gateway" if node.name in site.gateways else "port" if node.endpoint else "closed"
        groups[form, node.institution].append(node)
    boxes = []
    for (form, institution), nodes in groups.items():
        of = f"<br/>{institution}" if len(institutions) > 1 else ""
        if len(nodes) > _MOST_ALIKE:
            boxes.append((f"{len(nodes)} nodes<br/>{short[nodes[0].name]} ... {short[nodes[-1].name]}{of}", form))
        else:
            boxes += [(f"{short[node.name]}{of}", form) for node in nodes]
    return [
        f'    subgraph s{number}["{title}"]',
        *(f"        s{number}n{index}{_shape(label, form)}:::{form}" for index, (label, form) in enumerate(boxes)),
        "    end",
    ]


def _pill(number: int, index: int, flow: Flow) -> str:
    who = "" if flow.service.sources else "<br/>mesh only"
    return f'        s{number}v{index}(["{flow.label}{who}"]):::service'


def _ways(spec: Spec, found: tuple[Flow, ...]) -> list[str]:
    """Return arrows from where services enter to where they run."""
    numbers = {site.name: number for number, site in enumerate(spec.sites)}
    ways = []
    for site, number in numbers.items():
        here = [flow for flow in found if flow.site == site]
        ways += [f"    s{number}v{index} ==> s{numbers[to]}" for index, flow in enumerate(here) for to in flow.to]
    return ways


def _families(site: Site) -> str:
    """Return which families of addresses a site's nodes have, where it is not IPv4 alone."""
    found = [family for family in FAMILIES if any(family in node.families for node in site.nodes)]
    return "" if found == [IPV4] else f" · {in_words(found)}"


def _shape(label: str, form: str) -> str:
    return f'{{{{"{label}"}}}}' if form == "gateway" else f'["{label}"]'


def _links(spec: Spec, routes: Routes, short: dict[str, str]) -> tuple[list[str], list[int]]:
    """Return the links between sites, and which of them go through gateways."""
    numbers = {site.name: number for number, site in enumerate(spec.sites)}
    direct: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    through: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one, other in combinations(spec.nodes, 2):
        pair = (one.site, other.site)
        if one.site == other.site:
            continue
        if routes.kind(one.name, other.name) == RELAY:
            gateways = ", ".join(short[name] for name in routes.path(one.name, other.name)[1:-1])
            through[pair][gateways] += 1
        else:
            ends = routes.reachability.endpoint(one, other), routes.reachability.endpoint(other, one)
            direct[pair].append((bool(ends[0]), bool(ends[1])))
    links = []
    for (here, there), speakers in direct.items():
        forth, back = (any(speaks[side] for speaks in speakers) for side in (0, 1))
        if forth and back and _too_many(spec):
            continue
        left, right, arrow = (here, there, "<-->" if back else "-->") if forth else (there, here, "-->")
        links.append(f's{numbers[left]} {arrow}|"{len(speakers)}"| s{numbers[right]}')
    first = len(links)
    for (here, there), counts in through.items():
        links += [f's{numbers[here]} -. "{count} through {way}" .- s{numbers[there]}' for way, count in counts.items()]
    return links, list(range(first, len(links)))
