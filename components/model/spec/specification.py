"""The whole specification."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.model.spec.client import Client
from components.model.spec.kubernetes import Kubernetes
from components.model.spec.mesh import Mesh
from components.model.spec.node import Node
from components.model.spec.service import Service
from components.model.spec.site import Site


@dataclass(frozen=True)
class Spec:
    """Everything that the configuration declares."""

    mesh: Mesh
    kubernetes: Kubernetes
    sites: tuple[Site, ...]
    clients: tuple[Client, ...] = ()
    """Roaming clients, in alphabetical order."""
    services: tuple[Service, ...] = ()
    """Services, in alphabetical order."""
    protect: bool = True
    """Whether Pulumi refuses to delete what would destroy the cluster."""
    nodes: tuple[Node, ...] = field(init=False, repr=False, compare=False)
    """All nodes: sites in alphabetical order, and nodes in alphabetical order within each."""
    gateways: tuple[Node, ...] = field(init=False, repr=False, compare=False)
    """Nodes that may relay packets: sites in the order of `nodes`, gateways by preference within each."""
    _by_name: Mapping[str, Node] = field(init=False, repr=False, compare=False)
    _sites: Mapping[str, Site] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        nodes = tuple(node for site in self.sites for node in site.nodes)
        by_site = [(site, {node.name: node for node in site.nodes}) for site in self.sites]
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(
            self, "gateways", tuple(by_name[name] for site, by_name in by_site for name in site.gateways)
        )
        object.__setattr__(self, "_by_name", {node.name: node for node in nodes})
        object.__setattr__(self, "_sites", {site.name: site for site in self.sites})

    def with_role(self, role: str) -> tuple[Node, ...]:
        """Return the nodes that have a role, in the order of `nodes`."""
        return tuple(node for node in self.nodes if role in node.roles)

    def node(self, name: str) -> Node:
        """Return a node by its name; KeyError when there is none."""
        return self._by_name[name]

    def site(self, name: str) -> Site:
        """Return a site by its name; KeyError when there is none."""
        return self._sites[name]
