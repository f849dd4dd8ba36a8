"""One site: the nodes that share a site name in CRIC."""

import pulumi

from components.mesh.node import Node
from components.model.firewall.openings import ssh_ranges
from components.model.spec import Mesh as MeshSpec
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
        mesh: MeshSpec,
        access: Access,
        members: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`members` is a digest of the mesh's membership."""
        super().__init__("stretched:index:Site", str(name), None, name.options(opts))
        child = pulumi.ResourceOptions(parent=self)
        ssh_from = ssh_ranges(spec, mesh)
        self.nodes = tuple(
            Node(Name(name.mesh, node.name), node, access, members, ssh_from, child) for node in spec.nodes
        )
        self.register_outputs({"nodes": [node.spec.name for node in self.nodes]})
