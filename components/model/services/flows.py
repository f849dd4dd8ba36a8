"""Services as diagrams show them: at which site each enters, and to which sites its traffic goes from there."""

from dataclasses import dataclass

from components.model.report.service_tables import reached
from components.model.spec import Spec
from components.model.spec.service import TUNNEL, Service


@dataclass(frozen=True)
class Flow:
    """One service at one site where it enters."""

    service: Service
    site: str
    nodes: tuple[str, ...]
    """The entries there."""
    to: tuple[str, ...]
    """The sites where it runs, where these are others; those that only help out are not among them."""

    @property
    def label(self) -> str:
        """Name, protocol and port."""
        return f"{self.service.name} {self.service.protocol.upper()} {self.service.port}"


def flows(spec: Spec) -> tuple[Flow, ...]:
    """Return the flows, in the order of the services and of the sites."""
    sites = {node.name: node.site for node in spec.nodes}
    found = []
    for ways in reached(spec).values():
        for site in spec.sites:
            here = [entry for entry in ways if sites[entry.node] == site.name]
            to = [sites[one.node] for entry in here if entry.mode == TUNNEL for one in entry.backends]
            if here:
                nodes = tuple(entry.node for entry in here)
                found.append(Flow(here[0].service, site.name, nodes, tuple(dict.fromkeys(to))))
    return tuple(found)
