"""Checks of the LANs of sites, and of endpoints against our own ranges."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from components.model.problems import Problems
from components.model.spec import Node, Site, Spec
from components.model.spec.placeholders import MISSING_NETWORK


def check_lans(spec: Spec, problems: Problems) -> None:
    """Report LAN ranges, LAN addresses and endpoints that are not possible."""
    for site in spec.sites:
        _range(spec, site, problems)
        _families(site, problems)
        seen: dict[IPv4Address | IPv6Address, str] = {}
        for node in site.nodes:
            _endpoint(spec, site, node, problems)
            if node.lan_address is not None:
                path = f"sites.{site.name}.nodes.{node.name}.lanAddress"
                _address(spec, site, node.lan_address, path, problems)
                if node.lan_address in seen:
                    problems.add(
                        "taken",
                        path,
                        f"{node.lan_address} is already used by {seen[node.lan_address]}",
                        "write the address of this host on its LAN",
                    )
                seen.setdefault(node.lan_address, node.name)


def _families(site: Site, problems: Problems) -> None:
    """Report LAN addresses of both families where no `lan` says which: they may not reach each other."""
    first = next((node for node in site.nodes if node.lan_address), None)
    for node in site.nodes if first and site.lan is None else ():
        if first and first.lan_address and node.lan_address and node.lan_address.version != first.lan_address.version:
            problems.add(
                "mixed-families",
                f"sites.{site.name}.nodes.{node.name}.lanAddress",
                f"{node.lan_address} is IPv{node.lan_address.version}, and {first.name} has {first.lan_address}",
                "write the LAN addresses of one site in one family",
            )


def _range(spec: Spec, site: Site, problems: Problems) -> None:
    for name, network in _own_ranges(spec).items():
        if site.lan is not None and network != MISSING_NETWORK and site.lan.overlaps(network):
            problems.add(
                "overlap",
                f"sites.{site.name}.lan",
                f"{site.lan} overlaps {name} {network}",
                f"choose another range for {name}: hosts at {site.name} would send packets for their LAN into the mesh",
            )


def _address(spec: Spec, site: Site, address: IPv4Address | IPv6Address, path: str, problems: Problems) -> None:
    if site.lan is not None:
        if address not in site.lan:
            problems.add(
                "outside", path, f"{address} is not inside the site's lan {site.lan}", "write the host's address there"
            )
        elif site.lan.max_prefixlen - site.lan.prefixlen > 1 and address in _unusable(site.lan):
            problems.add(
                "not-usable",
                path,
                f"{address} is the network or broadcast address of {site.lan}",
                "write the host's own address",
            )
        return
    _own_range(spec, address, path, "choose another range for {}, or correct the address", problems)


def _own_range(spec: Spec, address: IPv4Address | IPv6Address, path: str, instead: str, problems: Problems) -> None:
    """Report an address in a range of ours; `instead` has {} in the place of the range's name."""
    for name, network in _own_ranges(spec).items():
        if address in network:
            problems.add("in-own-range", path, f"{address} is inside {name} {network}", instead.format(name))


def _unusable(lan: IPv4Network | IPv6Network) -> tuple[IPv4Address | IPv6Address, ...]:
    """Return the addresses that no host has; IPv6 has no broadcast."""
    return (lan.network_address,) if lan.version == 6 else (lan.network_address, lan.broadcast_address)


def _endpoint(spec: Spec, site: Site, node: Node, problems: Problems) -> None:
    """Report an endpoint in a range of ours: peers would send their packets for it into the mesh itself."""
    for endpoint in node.endpoints:
        if not endpoint.family:
            continue  # a name: its addresses are not known here
        address = ip_address(endpoint.host)
        of_site = endpoint in site.endpoints and node.name in site.behind_ports
        path = f"sites.{site.name}.endpoint" if of_site else f"sites.{site.name}.nodes.{node.name}.endpoint"
        instead = "write where packets from outside arrive, or choose another range for {}"
        _own_range(spec, address, path, instead, problems)


def _own_ranges(spec: Spec) -> dict[str, IPv4Network]:
    return {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
