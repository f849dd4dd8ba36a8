"""The stack's readme output: what stands where, and what to do next, in Markdown."""

from components.model.mesh.links import NOTHING_MEASURED, Measured
from components.model.overview import Overview
from components.model.report.diagram import diagram, legend
from components.model.report.failover_table import failover_table
from components.model.report.link_table import links_table, narrow_note
from components.model.report.markdown import table
from components.model.report.network_groups import network_groups
from components.model.report.reachability_tables import reachability_table, relayed_paths
from components.model.report.service_tables import services_section
from components.model.spec import Spec


def readme(overview: Overview, stack: str, measured: Measured = NOTHING_MEASURED) -> str:
    """Return Markdown without secrets."""
    spec = overview.spec
    api = spec.kubernetes.api
    where = f"https://{api}" if api else "the first control-plane node's wg0 address, so from inside the mesh"
    rows = "\n".join(
        f"| {node.name} | {node.site} | {node.institution} | {', '.join(node.roles)} | {node.address} |"
        f" {', '.join(map(str, node.endpoints)) or 'none: speaks first'} |"
        for node in spec.nodes
    )
    paths = relayed_paths(overview)
    relayed = f"\n{paths}\n\n{_failover(overview)}" if paths else ""
    tables = "\n\n".join(filter(None, [links_table(measured.links), narrow_note(measured.narrowest, spec.mesh.mtu)]))
    measurements = f"\n## Measured between sites\n{tables}\n" if tables else ""
    return f"""# Cluster {stack}

Kubernetes {spec.kubernetes.version} on {len(spec.nodes)} nodes at {len(spec.sites)} sites, over the WireGuard mesh wg0
({spec.mesh.cidr}, MTU {spec.mesh.mtu}). `pulumi up` ends well only when every tunnel has had a handshake and
all nodes answer each other over wg0.

| node | site | institution | roles | wg0 | endpoint |
| --- | --- | --- | --- | --- | --- |
{rows}
{_clients(overview)}
## Who reaches whom
```mermaid
{diagram(overview)}
```
{legend(overview)} `.stretched/{stack}/diagram.svg` is a picture of it.

{reachability_table(overview)}

Pairs of nodes: `lan` over their site's LAN; `direct` because one of the two has an endpoint; `relay` through gateways.
{relayed}{measurements}{services_section(overview)}
## For the network groups
UDP, nothing else, is what wg0 needs of a site's firewall.{_further(spec)}

{network_groups(overview.requests.values())}

## Next
- `pulumi stack output kubeconfig --show-secrets > kubeconfig && chmod 600 kubeconfig`; the API is reached at {where}.
- `kubectl --kubeconfig kubeconfig get nodes -L site,institution`
- `wg show wg0` on any host shows its peers; `pulumi stack output nodes` shows their keys and endpoints.
"""


def _further(spec: Spec) -> str:
    return " The other ports are those of services." if any(service.sources for service in spec.services) else ""


def _clients(overview: Overview) -> str:
    gateways = overview.client_gateways
    if not gateways:
        return ""
    rows = [[one.name, str(one.address), gateways[one.name].name, one.site] for one in overview.spec.clients]
    return f"""
Roaming clients, whose configurations are the secret output `clients`:

{table(["client", "wg0", "dials", "of site"], rows)}
"""


def _failover(overview: Overview) -> str:
    return f"""{failover_table(overview.gateways_down)}

Hosts find out that a gateway is down, and take the other way, by themselves within half a minute; pairs without another
way wait for it. A second node in the list `gateway` of a site, or a gateway at another site, is another way where both
ends have a tunnel with it.
"""
