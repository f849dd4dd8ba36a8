"""The stack's readme output: what stands where, and what to do next, in Markdown."""

from components.model.routing import Routes
from components.model.spec import Spec


def readme(spec: Spec, routes: Routes, stack: str) -> str:
    """Return Markdown without secrets."""
    api = spec.kubernetes.api
    where = f"https://{api}" if api else "the first control-plane node's wg0 address, so from inside the mesh"
    rows = "\n".join(
        f"| {node.name} | {node.site} | {node.institution} | {', '.join(node.roles)} | {node.address} |"
        f" {node.endpoint or 'none: speaks first'} |"
        for node in spec.nodes
    )
    return f"""# Cluster {stack}

Kubernetes {spec.kubernetes.version} on {len(spec.nodes)} nodes at {len(spec.sites)} sites, over the WireGuard mesh wg0
({spec.mesh.cidr}, MTU {spec.mesh.mtu}). Every pair of nodes was verified by a handshake and a ping.

| node | site | institution | roles | wg0 | endpoint |
| --- | --- | --- | --- | --- | --- |
{rows}

## Next
- `pulumi stack output kubeconfig --show-secrets > kubeconfig && chmod 600 kubeconfig`; the API is reached at {where}.
- `kubectl --kubeconfig kubeconfig get nodes -L site,institution`
- `wg show wg0` on any host shows its peers; `pulumi stack output mesh` shows their keys and endpoints.
"""
