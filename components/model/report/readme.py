"""The output `readme`, in Markdown: nodes, reachability, services, requests to network groups, next steps."""

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
    """Return the Markdown text. It holds no secrets."""
    spec = overview.spec
    api = spec.kubernetes.api
    where = f"https://{api}" if api else "the wg0 address of the first control-plane node, from inside the mesh only"
    rows = "\n".join(
        f"| {node.name} | {node.site} | {node.institution} | {', '.join(node.roles)} | {node.address} |"
        f" {', '.join(map(str, node.endpoints)) or 'none: it dials'} |"
        for node in spec.nodes
    )
    paths = relayed_paths(overview)
    relayed = f"\n{paths}\n\n{_failover(overview)}" if paths else ""
    tables = "\n\n".join(filter(None, [links_table(measured.links), narrow_note(measured.narrowest, spec.mesh.mtu)]))
    measurements = f"\n## Measured between sites\n{tables}\n" if tables else ""
    return f"""# Cluster {stack}

Kubernetes {spec.kubernetes.version} on {len(spec.nodes)} nodes at {len(spec.sites)} sites, over the WireGuard mesh wg0
({spec.mesh.cidr}, MTU {spec.mesh.mtu}). `pulumi up` succeeds only when every tunnel has had a handshake and
all nodes answer each other over wg0.

| node | site | institution | roles | wg0 | endpoint |
| --- | --- | --- | --- | --- | --- |
{rows}
{_clients(overview)}
## Reachability
```mermaid
{diagram(overview)}
```
{legend(overview)} `.stretched/{stack}/diagram.svg` shows the same as a picture.

{reachability_table(overview)}

The table counts pairs of nodes. `lan`: over the LAN of their site. `direct`: by an endpoint of one of the two. `relay`:
through gateways.
{relayed}{measurements}{services_section(overview)}
## For the network groups
wg0 needs the UDP ports below and nothing else.{_further(spec)}

{network_groups(overview.requests.values())}

## Next steps
- `pulumi stack output kubeconfig --show-secrets > kubeconfig && chmod 600 kubeconfig`; the API is at {where}.
- `kubectl --kubeconfig kubeconfig get nodes -L site,institution`
- `wg show wg0` on any host shows its peers; `pulumi stack output nodes` shows their keys and endpoints.
"""


def _further(spec: Spec) -> str:
    return " The other ports belong to services." if any(service.sources for service in spec.services) else ""


def _clients(overview: Overview) -> str:
    gateways = overview.client_gateways
    if not gateways:
        return ""
    rows = [[each.name, str(each.address), gateways[each.name].name, each.site] for each in overview.spec.clients]
    return f"""
Roaming clients (the secret output `clients` has their configurations):

{table(["client", "wg0", "gateway", "site"], rows)}
"""


def _failover(overview: Overview) -> str:
    return f"""{failover_table(overview.gateways_down)}

Hosts detect a failed gateway and switch to the other path by themselves, within half a minute. Pairs without another
path are cut off until the gateway is back. To give them one, add a second node to the list `gateway` of a site, or a
gateway at another site: it serves pairs of which both nodes have a tunnel with it.
"""
