"""One site: the nodes that share a name in CRIC."""

import pulumi

from components.mesh.node import Node
from components.model.firewall.openings import ssh_ranges
from components.model.spec import Mesh as MeshSpec
from components.model.spec import Site as SiteSpec
from components.remote.connection import Access


class Site(pulumi.ComponentResource):
    """The nodes of one site."""

    nodes: tuple[Node, ...]

    def __init__(
        self,
        spec: SiteSpec,
        mesh: MeshSpec,
        access: Access,
        occasion: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`occasion` is handed to the nodes."""
        super().__init__("stretched:index:Site", spec.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.nodes = tuple(Node(node, access, occasion, ssh_ranges(spec, mesh), child) for node in spec.nodes)
        self.register_outputs({"nodes": [node.spec.name for node in self.nodes]})
