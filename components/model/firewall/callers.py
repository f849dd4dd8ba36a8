"""Callers of an opening: the source addresses of its packets, as far as the configuration has them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.model.spec import Endpoint, Node, Service, Spec
from components.model.spec.families import family_of
from components.model.spec.service import EVERYBODY


@dataclass(frozen=True)
class Callers:
    """Source addresses of callers: any address, ranges, or the hosts of sites. Exactly one of the first five is set."""

    anybody: bool = False
    """Any address, because the service is public."""
    roaming: bool = False
    """Any address, because roaming clients dial in here."""
    ranges: tuple[str, ...] = ()
    """Ranges in CIDR form."""
    sites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Addresses or names of hosts, by the name of their site."""
    unknown: tuple[str, ...] = ()
    """Names of sites: any address, because the configuration has no source address for hosts of these sites."""
    family: str | None = None
    """Address family of the packets where `unknown` is set; None: either, because the opening has a name."""


def of_service(service: Service, host: str) -> Callers:
    """Return the callers of a service at `host`, an address or a name."""
    if service.sources == EVERYBODY:
        return Callers(anybody=True)
    family = family_of(host)
    ranges = (
        str(network)
        for network in service.sources or ()
        if family is None or family_of(str(network.network_address)) == family
    )
    return Callers(ranges=tuple(ranges))


def of_tunnels(spec: Spec, nodes: Iterable[Node], called: Endpoint, *, roaming: bool) -> Callers:
    """Return the source addresses of nodes that dial `called`, from their endpoints or those of their sites."""
    if roaming:
        return Callers(roaming=True)
    sources = [(node, _source(spec, node, called)) for node in nodes]
    unknown = sorted({node.site for node, host in sources if not host})
    if unknown:
        return Callers(unknown=tuple(unknown), family=called.family)
    hosts: dict[str, dict[str, None]] = defaultdict(dict)
    for node, host in sources:
        hosts[node.site][str(host)] = None
    return Callers(sites={name: tuple(hosts[name]) for name in sorted(hosts)})


def _source(spec: Spec, node: Node, called: Endpoint) -> str | None:
    endpoints = node.endpoints or spec.site(node.site).endpoints
    fitting = (own.host for own in endpoints if own.family is None or called.family in (None, own.family))
    return next(fitting, None)
