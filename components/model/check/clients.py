"""Checks of roaming clients and of the ranges for their addresses."""

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from components.model.mesh.addressing import first_free
from components.model.mesh.client_gateways import client_gateway, reserved_ranges
from components.model.problems import Problems
from components.model.spec import Client, Site, Spec
from components.model.spec.placeholders import MISSING_ADDRESS, MISSING_NETWORK
from components.model.values.name import is_client_name, similar_name

_SMALLEST = 30
"""Prefix length of the smallest range that leaves addresses between network and broadcast address."""


def check_clients(spec: Spec, problems: Problems) -> None:
    """Report clients, and ranges for clients, that are not possible."""
    for site in spec.sites:
        if site.clients:
            _gateway(site, problems)
            _range(spec, site, site.clients, problems)
    for one, other in combinations([site for site in spec.sites if site.clients], 2):
        if one.clients and other.clients and one.clients.overlaps(other.clients):
            problems.add(
                "overlap",
                f"sites.{other.name}.clients",
                f"{other.clients} overlaps sites.{one.name}.clients {one.clients}",
                "choose ranges that have no address in common",
            )
    if spec.clients and not any(site.clients for site in spec.sites):
        _no_range(spec, problems)
    _unique_names(spec, problems)
    taken: dict[IPv4Address, str] = {}
    for client in spec.clients:
        _address(spec, client, taken, problems)


def _gateway(site: Site, problems: Problems) -> None:
    if client_gateway(site):
        return
    if not site.gateway:
        what, instead = (
            "the site has no gateway for clients to connect to",
            "write `gateway: NODE`, one with an endpoint",
        )
    else:
        what = f"its gateway {site.gateway} has no endpoint for clients to connect to"
        instead = "write the gateway's endpoint"
    problems.add("no-gateway", f"sites.{site.name}.clients", what, f"{instead}, or write `clients` at another site")


def _range(spec: Spec, site: Site, clients: IPv4Network, problems: Problems) -> None:
    path, cidr = f"sites.{site.name}.clients", spec.mesh.cidr
    if cidr == MISSING_NETWORK:
        return
    if not clients.subnet_of(cidr) or clients == cidr:
        problems.add(
            "not-a-part", path, f"{clients} is not a part of mesh.cidr {cidr}", f"write for example {_part(spec)}"
        )
    elif clients.prefixlen > _SMALLEST:
        problems.add("no-room", path, f"{clients} has no room for a client", f"write /{_SMALLEST} or larger")
    free = first_free(cidr, (node.address for node in spec.nodes), reserved_ranges(spec))
    for node in spec.nodes:
        if node.address in clients:
            problems.add(
                "in-clients-range",
                f"sites.{node.site}.nodes.{node.name}.address",
                f"{node.address} is inside {path} {clients}",
                f"write one outside, such as {free}" if free else "choose a larger mesh.cidr",
            )


def _part(spec: Spec) -> IPv4Network:
    """Return a part of mesh.cidr for a proposal: the largest of some sizes that no node is in, from the end."""
    cidr = spec.mesh.cidr
    for prefix in range(min(cidr.prefixlen + 2, _SMALLEST), min(cidr.prefixlen + 7, _SMALLEST) + 1):
        for part in reversed(list(cidr.subnets(new_prefix=prefix)) if prefix > cidr.prefixlen else []):
            if not any(node.address in part for node in spec.nodes):
                return part
    return cidr


def _no_range(spec: Spec, problems: Problems) -> None:
    reached = {node.site for node in spec.gateways if node.endpoint}
    site = next((site for site in spec.sites if site.name in reached), None)
    here = f"`sites.{site.name}.clients: {_part(spec)}`" if site else f"`gateway: NODE` and `clients: {_part(spec)}`"
    problems.add(
        "no-clients-range",
        "clients",
        "no site has `clients`",
        f"write {here} at a site whose gateway has an endpoint, a part of mesh.cidr for the clients' addresses",
    )


def _unique_names(spec: Spec, problems: Problems) -> None:
    nodes = {node.name for node in spec.nodes}
    for client in spec.clients:
        if not is_client_name(client.name):
            problems.add(
                "not-a-name",
                f"clients.{client.name}",
                "is not a lower-case name of at most 63 letters, digits, '-' and '.'",
                f"write for example `{similar_name(client.name, 'ada-laptop')}`",
            )
        if client.name in nodes:
            problems.add(
                "name-taken",
                f"clients.{client.name}",
                "is already the name of a node",
                "choose another name for the client",
            )


def _address(spec: Spec, client: Client, taken: dict[IPv4Address, str], problems: Problems) -> None:
    network = next((site.clients for site in spec.sites if site.name == client.site), None)
    if network is None or client.address == MISSING_ADDRESS:
        return
    path = f"clients.{client.name}.address"
    free = first_free(network, (other.address for other in spec.clients))
    instead = (
        f"write a free address of {network}, such as {free}"
        if free
        else f"{network} is full: choose a larger sites.{client.site}.clients"
    )
    if client.address not in network:
        problems.add("outside", path, f"{client.address} is not inside sites.{client.site}.clients {network}", instead)
    elif client.address in (network.network_address, network.broadcast_address):
        problems.add("not-usable", path, f"{client.address} is the network or broadcast address of {network}", instead)
    if client.address in taken:
        problems.add("taken", path, f"{client.address} is already used by {taken[client.address]}", instead)
    taken.setdefault(client.address, client.name)
