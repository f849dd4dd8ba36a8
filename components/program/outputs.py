"""The outputs of the stack. docs/reference.md describes their forms; a test compares it with the exports."""

from collections.abc import Mapping

import pulumi

from components.cluster.change import Change
from components.cluster.cluster import Cluster
from components.mesh.mesh import Mesh
from components.model.cluster.inventory import inventory
from components.model.files.yaml_text import to_yaml
from components.model.mesh.links import Measured
from components.model.overview import Overview
from components.model.report.service_tables import services_data
from components.model.spec import Spec


def outputs_of_mesh(overview: Overview, mesh: Mesh) -> dict[str, object]:
    """Return the outputs of a mesh."""
    spec = overview.spec
    outputs: dict[str, object] = {
        "nodes": mesh.public_keys.apply(lambda keys: _nodes(spec, keys)),
        "links": mesh.measurement.result.apply(_links),
    }
    if spec.clients:
        secret: pulumi.Output[dict[str, str]] = pulumi.Output.secret(pulumi.Output.all(**mesh.clients))
        outputs["clients"] = secret
    if spec.services:
        outputs["services"] = services_data(overview)
    return outputs


def outputs_of_cluster(cluster: Cluster, change: Change, spec: Spec) -> dict[str, object]:
    """Return the outputs of a cluster."""
    return {
        "kubeconfig": cluster.kubeconfig,
        "inventory": to_yaml(inventory(spec, change.leaders.order)),
    }


def _nodes(spec: Spec, public_keys: Mapping[str, str]) -> dict[str, dict[str, object]]:
    return {
        node.name: {
            "site": node.site,
            "institution": node.institution,
            "address": str(node.address),
            "roles": list(node.roles),
            "endpoints": [str(endpoint) for endpoint in node.endpoints],
            "publicKey": public_keys.get(node.name),
        }
        for node in spec.nodes
    }


def _links(measured: Measured) -> list[dict[str, object]]:
    return [link.data() for link in measured.links]
