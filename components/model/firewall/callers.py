"""From where the packets come that an opening is for, as far as the configuration says."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.model.spec import Endpoint, Node, Service, Spec
from components.model.spec.families import family_of
from components.model.spec.service import EVERYBODY


@dataclass(frozen=True)
class Callers:
    """Where callers come from: any address, ranges, or the hosts of sites. Exactly one of these is set."""

    anybody: bool = False
    roaming: bool = False
    """Any address, because roaming clients come by it."""
    ranges: tuple[str, ...] = ()
    """Ranges in CIDR form."""
    sites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Addresses or names of hosts, by the name of their site."""
    unknown: tuple[str, ...] = ()
    """Any address, because the configuration does not say where the hosts of these sites send from."""
    family: str | None = None
    """Of `unknown`: the family that their packets must have; None: a name's, any."""


def of_service(service: Service, host: str) -> Callers:
    """Return who may come to a service at an address or name."""
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
    """Return where these nodes send from, as far as endpoints of theirs or of their sites tell."""
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
    return next((own.host for own in endpoints if own.family is None or called.family in (None, own.family)), None)
