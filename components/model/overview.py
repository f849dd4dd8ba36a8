"""The overview of a plan for people: counts and lists that all texts, tables and diagrams share."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.model.firewall.requests import Opening, Request, requests_of, service_openings
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.failover import GatewayDown, gateways_down
from components.model.mesh.site_pairs import SitePair, site_pairs
from components.model.plan import Plan
from components.model.services.dns import Record, dns_records
from components.model.services.entries import Entry, reached, sites_of
from components.model.services.flows import Crossing, Flow, crossings, flows_of
from components.model.spec import Node, Spec


@dataclass(frozen=True)
class Overview:
    """A plan, with the counts and lists that reports show. It holds no secrets."""

    plan: Plan
    site_pairs: tuple[SitePair, ...]
    gateways_down: tuple[GatewayDown, ...]
    client_gateways: Mapping[str, Node]
    """Node that each roaming client dials, by the client's name."""
    reached: Mapping[str, tuple[Entry, ...]]
    """Entries at which each service is reached, by the service's name."""
    runs_at: Mapping[str, tuple[str, ...]]
    """Names of the sites where each service runs, by the service's name."""
    records: Mapping[str, tuple[Record, ...]]
    """DNS records to create for each service, by the service's name."""
    flows: tuple[Flow, ...]
    crossings: tuple[Crossing, ...]
    openings: Mapping[str, tuple[Opening, ...]]
    """Openings that firewalls need for each service, by the service's name."""
    requests: Mapping[str, Request]
    """Request to the network group of each site, by the site's name."""

    @property
    def spec(self) -> Spec:
        """The specification."""
        return self.plan.spec


def overview_of(plan: Plan) -> Overview:
    """Return the overview of a plan without problems: every pair of nodes must have a path."""
    spec, routes = plan.spec, plan.routes
    by_service = reached(spec, plan.entries)
    openings = {name: service_openings(plan, entries) for name, entries in by_service.items()}
    return Overview(
        plan,
        site_pairs(spec, routes),
        gateways_down(spec, routes),
        {client.name: gateway_of(spec, client) for client in spec.clients},
        by_service,
        {service.name: tuple(site.name for site in sites_of(spec, service)) for service in spec.services},
        {name: dns_records(entries) for name, entries in by_service.items()},
        flows_of(spec, by_service),
        crossings(routes, plan.entries),
        openings,
        requests_of(plan, openings),
    )
