"""Checks of the nodes' addresses on wg0."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from components.model.check.paths import path_of, shared
from components.model.mesh.addressing import derived_address, first_free
from components.model.mesh.client_gateways import reserved_ranges
from components.model.problems import Problems
from components.model.spec import Node, Spec
from components.model.spec.placeholders import MISSING_ADDRESS, MISSING_NETWORK


def check_addresses(spec: Spec, known: Mapping[str, str], problems: Problems) -> None:
    """Report addresses outside the mesh and shared ones; `known` are the addresses of the last run."""
    cidr = spec.mesh.cidr
    if cidr == MISSING_NETWORK:
        return
    readable = [node for node in spec.nodes if node.address != MISSING_ADDRESS]
    taken = [node.address for node in readable]
    for node in readable:
        path = path_of(node, "address")
        if node.address not in cidr:
            problems.add("outside", path, f"{node.address} is not inside mesh.cidr {cidr}", _free(spec, taken))
        elif node.address in (cidr.network_address, cidr.broadcast_address):
            what = f"{node.address} is the network or broadcast address of {cidr}"
            problems.add("not-usable", path, what, _free(spec, taken))
    for _, nodes in shared(spec, lambda node: node.address if node in readable else None):
        _conflict(spec, nodes, known, taken, problems)


def _conflict(
    spec: Spec, nodes: list[Node], known: Mapping[str, str], taken: list[IPv4Address], problems: Problems
) -> None:
    """Report which of the nodes with one address need another: those that do not have it on their host yet."""
    address = nodes[0].address
    keeps = [node for node in nodes if known.get(node.name) == str(address)]
    written = [node for node in nodes if not _derived(node, spec.mesh.cidr)]
    stays = (keeps or written or nodes)[0]
    for node in nodes:
        if node.name == stays.name:
            continue
        if keeps:
            what = f"{address} has been the address of {stays.name} since the last run"
        elif written:
            what = f"{address} is already used by {stays.name}"
        else:
            what = f"{address} is derived from both names, {stays.name} and {node.name}"
        derived = _derived(node, spec.mesh.cidr) and not written
        either = f" here, or at {stays.name}" if derived and not keeps else ""
        problems.add("taken", path_of(node, "address"), what, f"{_free(spec, taken)}{either}")


def _derived(node: Node, cidr: IPv4Network) -> bool:
    """Whether the address is the one derived from the name, also where it is written."""
    return node.address == derived_address(node.name, cidr)


def _free(spec: Spec, taken: list[IPv4Address]) -> str:
    """Return the advice to write a free address; each call proposes another."""
    cidr = spec.mesh.cidr
    free = first_free(cidr, taken, reserved_ranges(spec))
    if free is None:
        return f"{cidr} is full: choose a larger mesh.cidr"
    taken.append(free)
    return f"write a free address of {cidr}, such as {free}"
