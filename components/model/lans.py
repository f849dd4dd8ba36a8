"""Checks of what sites say about their LANs."""

from ipaddress import IPv4Address, IPv4Network

from components.model.fields import MISSING_NETWORK
from components.model.problems import Problems
from components.model.spec import Site, Spec


def check_lans(spec: Spec, problems: Problems) -> None:
    """Note LAN ranges and addresses that cannot be."""
    for site in spec.sites:
        _range(spec, site, problems)
        seen: dict[IPv4Address, str] = {}
        for node in site.nodes:
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


def _own_ranges(spec: Spec) -> dict[str, IPv4Network]:
    return {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
