"""One site: the nodes that share a site name in CRIC."""

from collections.abc import Mapping

import pulumi

from components.mesh.node import Node
from components.model.requirements import Requirements
from components.model.spec import Site as SiteSpec
from components.remote.connection import Access
from components.remote.resource_names import Name


class Site(pulumi.ComponentResource):
    """The nodes of one site."""

    nodes: tuple[Node, ...]

    def __init__(
        self,
        name: Name,
        spec: SiteSpec,
        access: Access,
        members: str,
        required: Mapping[str, Requirements],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`members` is a digest of the mesh's membership; `required` are the requirements by node name."""
        super().__init__("stretched:index:Site", str(name), None, name.options(opts))
        child = pulumi.ResourceOptions(parent=self)
        self.nodes = tuple(
            Node(Name(name.mesh, node.name), node, access, members, required[node.name], child) for node in spec.nodes
        )
        self.register_outputs({"nodes": [node.spec.name for node in self.nodes]})
