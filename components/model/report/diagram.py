"""Mermaid flowchart of the sites and how they reach each other."""

from collections import defaultdict

from components.model.overview import Overview
from components.model.report.node_forms import GATEWAY, node_form, on_lan
from components.model.report.short_names import short_names
from components.model.services.flows import Flow
from components.model.spec import Node, Site, Spec
from components.model.spec.families import FAMILIES, IPV4, in_words

_MAX_ALIKE = 4
"""A site's nodes of one form and institution are one box if there are more of them."""
_MAX_LINKS = 60
"""With more pairs of sites, those that reach each other directly are not drawn, so that the others can be seen."""
_STYLES = """\
    classDef gateway fill:#fde68a,stroke:#b45309,stroke-width:2px,color:#1f2937
    classDef port fill:#dbeafe,stroke:#1d4ed8,color:#1f2937
    classDef closed fill:#f3f4f6,stroke:#6b7280,stroke-dasharray:4 3,color:#1f2937
    classDef site fill:#ffffff,stroke:#94a3b8,color:#1f2937"""
_SERVICES = "    classDef service fill:#fce7f3,stroke:#db2777,color:#1f2937"


def diagram(overview: Overview) -> str:
    """Return the text of a flowchart: a box for each site, and links by kind."""
    spec, flows = overview.spec, overview.flows
    short = short_names(spec)
    lines = ["flowchart LR"]
    for number, site in enumerate(spec.sites):
        *box, end = _box(number, site, short)
        here = [flow for flow in flows if flow.site == site.name]
        lines += [*box, *(_pill(number, index, flow) for index, flow in enumerate(here)), end]
    links, relayed = _links(overview, short)
    lines += [f"    {link}" for link in links]
    lines += _service_arrows(spec, flows)
    if relayed:
        lines.append(f"    linkStyle {','.join(map(str, relayed))} stroke:#b45309,stroke-width:2px")
    sites = ",".join(f"s{number}" for number in range(len(spec.sites)))
    styles = [_STYLES, _SERVICES] if flows else [_STYLES]
    return "\n".join([*lines, *styles, f"    class {sites} site"])


def legend(overview: Overview) -> str:
    """Return one line that explains the signs, and says what is left out."""
    spec = overview.spec
    omitted = " Sites without a line between them can dial each other." if _too_many(spec) else ""
    services = (
        " Rounded boxes are services, where they enter; thick arrows lead to where they run." if spec.services else ""
    )
    return (
        "Arrows point from the side that can dial to the side that it dials; numbers are pairs of nodes. "
        f"Dotted lines go through a gateway (hexagon). Nodes with a dashed border have no port.{services}{omitted}"
    )


def _too_many(spec: Spec) -> bool:
    return len(spec.sites) * (len(spec.sites) - 1) // 2 > _MAX_LINKS


def _box(number: int, site: Site, short: dict[str, str]) -> list[str]:
    institutions = sorted({node.institution for node in site.nodes})
    lan = f" · LAN{f' {site.lan}' if site.lan else ''}" if on_lan(site) else ""
    title = f"<b>{site.name}</b> · {', '.join(institutions)}{lan}{_families(site)}"
    groups: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in site.nodes:
        groups[node_form(site, node), node.institution].append(node)
    boxes = []
    for (form, institution), nodes in groups.items():
        suffix = f"<br/>{institution}" if len(institutions) > 1 else ""
        if len(nodes) > _MAX_ALIKE:
            boxes.append((f"{len(nodes)} nodes<br/>{short[nodes[0].name]} ... {short[nodes[-1].name]}{suffix}", form))
        else:
            boxes += [(f"{short[node.name]}{suffix}", form) for node in nodes]
    return [
        f'    subgraph s{number}["{title}"]',
        *(f"        s{number}n{index}{_shape(label, form)}:::{form}" for index, (label, form) in enumerate(boxes)),
        "    end",
    ]


def _pill(number: int, index: int, flow: Flow) -> str:
    scope = "" if flow.service.sources else "<br/>mesh only"
    return f'        s{number}v{index}(["{flow.label}{scope}"]):::service'


def _service_arrows(spec: Spec, flows: tuple[Flow, ...]) -> list[str]:
    """Return arrows from where services enter to the sites where they run."""
    numbers = {site.name: number for number, site in enumerate(spec.sites)}
    arrows = []
    for site, number in numbers.items():
        here = [flow for flow in flows if flow.site == site]
        arrows += [f"    s{number}v{index} ==> s{numbers[to]}" for index, flow in enumerate(here) for to in flow.to]
    return arrows


def _families(site: Site) -> str:
    """Return the address families of a site's nodes; empty where IPv4 is the only one."""
    families = [family for family in FAMILIES if any(family in node.families for node in site.nodes)]
    return "" if families == [IPV4] else f" · {in_words(families)}"


def _shape(label: str, form: str) -> str:
    return f'{{{{"{label}"}}}}' if form == GATEWAY else f'["{label}"]'


def _links(overview: Overview, short: dict[str, str]) -> tuple[list[str], list[int]]:
    """Return the links between sites, and the indices of those that go through gateways."""
    numbers = {site.name: number for number, site in enumerate(overview.spec.sites)}
    links, relayed = [], []
    for pair in overview.site_pairs:
        here, there = pair.here, pair.there
        if here == there:
            continue
        if pair.tunnels and not (pair.forth and pair.back and _too_many(overview.spec)):
            left, right, arrow = (here, there, "<-->" if pair.back else "-->") if pair.forth else (there, here, "-->")
            links.append(f's{numbers[left]} {arrow}|"{pair.tunnels}"| s{numbers[right]}')
        for path, nodes in pair.relayed.items():
            gateways = ", ".join(short[name] for name in path)
            relayed.append(f's{numbers[here]} -. "{len(nodes)} through {gateways}" .- s{numbers[there]}')
    return links + relayed, list(range(len(links), len(links) + len(relayed)))
