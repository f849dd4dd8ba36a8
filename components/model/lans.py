"""Checks of what sites say about the networks around them: their LANs, and where packets from outside arrive."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from components.model.fields import MISSING_NETWORK
from components.model.problems import Problems
from components.model.spec import Node, Site, Spec


def check_lans(spec: Spec, problems: Problems) -> None:
    """Note LAN ranges, LAN addresses and endpoints that cannot be."""
    for site in spec.sites:
        _range(spec, site, problems)
        seen: dict[IPv4Address, str] = {}
        for node in site.nodes:
            _endpoint(spec, site, node, problems)
            if node.lan_address is not None:
                path = f"sites.{site.name}.nodes.{node.name}.lanAddress"
                _address(spec, site, node.lan_address, path, problems)
                if node.lan_address in seen:
                    problems.add(
                        path,
                        f"{node.lan_address} is already that of {seen[node.lan_address]}",
                        "write the address of this host on its LAN",
                    )
                seen.setdefault(node.lan_address, node.name)


def _range(spec: Spec, site: Site, problems: Problems) -> None:
    for name, network in _own_ranges(spec).items():
        if site.lan is not None and network != MISSING_NETWORK and site.lan.overlaps(network):
            problems.add(
                f"sites.{site.name}.lan",
                f"{site.lan} overlaps {name} {network}",
                f"choose another range for {name}: hosts at {site.name} would send packets for their LAN into the mesh",
            )


def _address(spec: Spec, site: Site, address: IPv4Address, path: str, problems: Problems) -> None:
    if site.lan is not None:
        if address not in site.lan:
            problems.add(path, f"{address} is not inside the site's lan {site.lan}", "write the host's address there")
        elif site.lan.prefixlen < 31 and address in (site.lan.network_address, site.lan.broadcast_address):
            problems.add(
                path, f"{address} is the network or broadcast address of {site.lan}", "write the host's own address"
            )
        return
    for name, network in _own_ranges(spec).items():
        if address in network:
            problems.add(
                path, f"{address} is inside {name} {network}", f"choose another range for {name}, or mend the address"
            )


def _endpoint(spec: Spec, site: Site, node: Node, problems: Problems) -> None:
    """Note an endpoint in a range of ours: peers would send their packets for it into the mesh itself."""
    try:
        address = IPv4Address(node.endpoint.host if node.endpoint else "")
    except AddressValueError:
        return  # no literal address: nothing is known before the name is resolved
    of_site = node.endpoint == site.endpoint and node.name == site.gateway
    path = f"sites.{site.name}.endpoint" if of_site else f"sites.{site.name}.nodes.{node.name}.endpoint"
    for name, network in _own_ranges(spec).items():
        if address in network:
            problems.add(
                path,
                f"{address} is inside {name} {network}",
                f"write where packets from outside arrive, or choose another range for {name}",
            )


def _own_ranges(spec: Spec) -> dict[str, IPv4Network]:
    return {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
