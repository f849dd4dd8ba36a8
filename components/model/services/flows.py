"""The flow of each service between sites: where it enters, and to which sites its traffic goes from there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from components.model.mesh.routing import Routes
from components.model.services.entries import Entry
from components.model.spec import Service, Spec
from components.model.spec.service import TUNNEL


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


@dataclass(frozen=True)
class Crossing:
    """One step of a service's traffic from site to site."""

    start: str
    end: str
    service: str


def flows_of(spec: Spec, reached: Mapping[str, tuple[Entry, ...]]) -> tuple[Flow, ...]:
    """Return the flows, in the order of the services and of the sites. `reached` is where each service is reached."""
    flows = []
    for ways in reached.values():
        for site in spec.sites:
            here = [entry for entry in ways if entry.site == site.name]
            to = [one.site for entry in here if entry.mode == TUNNEL for one in entry.backends]
            if here:
                nodes = tuple(entry.node for entry in here)
                flows.append(Flow(here[0].service, site.name, nodes, tuple(dict.fromkeys(to))))
    return tuple(flows)


def crossings(routes: Routes, entries: Iterable[Entry]) -> tuple[Crossing, ...]:
    """Return the steps of traffic by tunnel from where it enters to where it runs, each once."""
    return tuple(dict.fromkeys(_crossings(routes, entries)))


def _crossings(routes: Routes, entries: Iterable[Entry]) -> Iterator[Crossing]:
    for entry in entries:
        for backend in entry.backends if entry.mode == TUNNEL else ():
            for one, other in pairwise(routes.path(entry.node, backend.node)):
                if routes.sites[one] != routes.sites[other]:
                    yield Crossing(routes.sites[one], routes.sites[other], entry.service.name)
