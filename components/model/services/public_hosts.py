"""Public addresses of hosts for services, derived from the endpoints of nodes and sites."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from components.model.spec import Node, Site, Spec
from components.model.spec.families import family_of
from components.model.spec.service import Service

Addresses = tuple[str, ...]
"""IP addresses or DNS names."""


@dataclass(frozen=True)
class PublicHosts:
    """The addresses at which nodes are reached from outside the mesh, by the name of the node."""

    public: dict[str, Addresses]
    """Addresses of the host itself: packets reach it on any port. A node without one has no entry."""
    forwarded: dict[str, Addresses]
    """Addresses of a router that could forward a port to the host. A node without one has no entry."""

    def fitting(self, service: Service, node: Node) -> Addresses:
        """Return the public addresses of a node that clients of a service can dial; empty: none has their family."""
        return _fitting(service, node, self.public.get(node.name, ()))

    def leading_to(self, service: Service, node: Node) -> Addresses:
        """Return the addresses that clients dial to reach a node declared in `entries`, by its own name or its site's.

        The name of a public node itself includes the router in front of it, where one forwards the other family.
        """
        own = self.fitting(service, node)
        if own and node.name not in service.entries:
            return own
        return own + _fitting(service, node, self.forwarded.get(node.name, ()))


def public_hosts(spec: Spec) -> PublicHosts:
    """Return the addresses at which the nodes of a specification are reached from outside.

    An endpoint's address is the host's own when no other node or site has it and the host has no LAN address of that
    family. Otherwise a router probably stands in between.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for node in spec.nodes:
        hosts = [endpoint.host for endpoint in node.endpoints]
        hosts += [] if node.ssh.bastion else [node.ssh.host]  # behind a bastion, the address is one of another network
        for host in hosts:
            users[_canonical(host)].add(node.name)
    of_sites = {endpoint.host for site in spec.sites for endpoint in site.endpoints}
    public, forwarded = {}, {}
    for site in spec.sites:
        for node in site.nodes:
            hosts = list(dict.fromkeys(endpoint.host for endpoint in node.endpoints))
            own = [host for host in hosts if host not in of_sites and len(users[host]) == 1 and not _on_lan(node, host)]
            if own:
                public[node.name] = tuple(own)
            routers = [host for host in hosts or _of_site(site) if host not in own]
            if routers:
                forwarded[node.name] = tuple(routers)
    return PublicHosts(public, forwarded)


def _of_site(site: Site) -> Iterable[str]:
    return dict.fromkeys(endpoint.host for endpoint in site.endpoints)


def _on_lan(node: Node, host: str) -> bool:
    """Tell whether a host has a LAN address of the same family, which suggests a router; a name has any family."""
    if node.lan_address is None:
        return False
    return family_of(host) in (None, family_of(str(node.lan_address)))


def _fitting(service: Service, node: Node, hosts: Addresses) -> Addresses:
    """Return the hosts in a family of addresses that clients of the service may use."""

    def families(host: str) -> Addresses:
        family = family_of(host)
        return (family,) if family else node.families

    return tuple(host for host in hosts if set(families(host)) & set(service.families))


def _canonical(host: str) -> str:
    """Return one form for all spellings of an IPv6 address."""
    return str(ip_address(host)) if family_of(host) else host
