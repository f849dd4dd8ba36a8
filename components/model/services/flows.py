"""Flows of services between sites: where each service enters, and to which sites its traffic goes from there."""

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
    """Names of the nodes where it enters."""
    to: tuple[str, ...]
    """Names of the other sites to which the traffic goes; sites with backups only are not among them."""

    @property
    def label(self) -> str:
        """Text of name, protocol and port: `web TCP 443`."""
        return f"{self.service.name} {self.service.protocol.upper()} {self.service.port}"


@dataclass(frozen=True)
class Crossing:
    """A service whose traffic crosses from one site to another; all three are names."""

    start: str
    end: str
    service: str


def flows_of(spec: Spec, reached: Mapping[str, tuple[Entry, ...]]) -> tuple[Flow, ...]:
    """Return the flows, in the order of the services and of the sites. `reached` is that of `entries.reached`."""
    flows = []
    for entries in reached.values():
        for site in spec.sites:
            here = [entry for entry in entries if entry.site == site.name]
            to = [backend.site for entry in here if entry.mode == TUNNEL for backend in entry.backends]
            if here:
                nodes = tuple(entry.node for entry in here)
                flows.append(Flow(here[0].service, site.name, nodes, tuple(dict.fromkeys(to))))
    return tuple(flows)


def crossings(routes: Routes, entries: Iterable[Entry]) -> tuple[Crossing, ...]:
    """Return each crossing between sites on the paths from entries to backends at other sites, once."""
    return tuple(dict.fromkeys(_crossings(routes, entries)))


def _crossings(routes: Routes, entries: Iterable[Entry]) -> Iterator[Crossing]:
    for entry in entries:
        for backend in entry.backends if entry.mode == TUNNEL else ():
            for hop, following in pairwise(routes.path(entry.node, backend.node)):
                if routes.sites[hop] != routes.sites[following]:
                    yield Crossing(routes.sites[hop], routes.sites[following], entry.service.name)
