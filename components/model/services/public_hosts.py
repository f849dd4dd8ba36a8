"""Where hosts are reached from outside for services, as far as their endpoints and those of their sites tell."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from components.model.spec import Node, Site, Spec
from components.model.spec.families import family_of
from components.model.spec.service import Service

Addresses = tuple[str, ...]


@dataclass(frozen=True)
class PublicHosts:
    """Addresses (or names) by the name of a node."""

    public: dict[str, Addresses]
    """Those that are the host's own: a program that listens there is reached. Who has none is not in it."""
    forwarded: dict[str, Addresses]
    """Those of the router before a host, from which a port could be forwarded to it; none: it is not in it."""

    def fitting(self, service: Service, node: Node) -> Addresses:
        """Return where clients of a service come to a public node; empty: it is not one for them."""
        return _fitting(service, node, self.public.get(node.name, ()))

    def leading_to(self, service: Service, node: Node) -> Addresses:
        """Return where clients of a service come to any node that is an entry because it, or its site, was named.

        Who names a public node itself means the router before it too, where there is one for the other family.
        """
        own = self.fitting(service, node)
        if own and node.name not in service.entries:
            return own
        return own + _fitting(service, node, self.forwarded.get(node.name, ()))


def public_hosts(spec: Spec) -> PublicHosts:
    """Return where nodes are reached.

    A host is public at an endpoint of its own whose address is that of nobody else, where it has no LAN address of
    that family: then nothing speaks for a router in between.
    """
    users: dict[str, set[str]] = defaultdict(set)
    for node in spec.nodes:
        hosts = [endpoint.host for endpoint in node.endpoints]
        hosts += [] if node.ssh.bastion else [node.ssh.host]  # behind a bastion it is an address of another place
        for host in hosts:
            users[_shortest(host)].add(node.name)
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
    """Tell whether a host's LAN address speaks for a router at this address; a name stands for any family."""
    if node.lan_address is None:
        return False
    return family_of(host) in (None, family_of(str(node.lan_address)))


def _fitting(service: Service, node: Node, hosts: Addresses) -> Addresses:
    """Return those of a family that clients may come by."""

    def families(host: str) -> Addresses:
        family = family_of(host)
        return (family,) if family else node.families

    return tuple(host for host in hosts if set(families(host)) & set(service.families))


def _shortest(host: str) -> str:
    return str(ip_address(host)) if family_of(host) else host
