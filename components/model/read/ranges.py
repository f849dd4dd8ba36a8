"""Reading of addresses, and of ranges of addresses outside the mesh."""

from ipaddress import IPv4Address

from components.model.problems import shown
from components.model.read.fields import Fields
from components.model.spec.placeholders import MISSING_ADDRESS
from components.model.values.address import (
    Address,
    Network,
    parse_address,
    parse_network,
    parse_range,
    special_address,
    special_network,
    special_sources,
    without_host_bits,
)


def read_ranges(fields: Fields, name: str, example: str) -> tuple[Network, ...]:
    """Return the ranges that packets come from, in CIDR form or as addresses, without those that cannot be read."""
    networks: list[Network] = []
    for text in fields.texts(name, (), example):
        try:
            network = parse_range(text)
        except ValueError:
            meant = without_host_bits(text) if "/" in text else ""
            instead = f"write {meant}" if meant else f"write for example `{name}: {example}`"
            fields.wrong("not-a-range", name, f"{shown(text)} is neither a range in CIDR form nor an address", instead)
            continue
        kind = special_sources(network)
        if kind:
            what = f"{network} has {kind} addresses, which no packet from outside has"
            fields.wrong("special-addresses", name, what, f"write for example `{name}: {example}`")
        else:
            networks.append(network)
    return tuple(networks)


def read_lan(fields: Fields, name: str, example: str) -> Network | None:
    """Return the range of a network of hosts, IPv4 or IPv6; None when absent or not readable."""
    text = fields.optional_text(name, example)
    if not text:
        return None
    try:
        network = parse_network(text)
    except ValueError:
        meant = without_host_bits(text)
        instead = f"write `{name}: {meant}`" if meant else f"write for example `{name}: {example}`"
        fields.wrong("not-a-network", name, f"{shown(text)} is not an IPv4 or IPv6 network in CIDR form", instead)
        return None
    kind = special_network(network)
    if kind:
        what = f"{network} has {kind} addresses, which no host can have"
        fields.wrong("special-addresses", name, what, f"write for example `{name}: {example}`")
        return None
    return network


def read_address(fields: Fields, name: str, example: str) -> Address | None:
    """Return the address of a host; None when absent or not readable."""
    text = fields.optional_text(name, example)
    if not text:
        return None
    try:
        address = parse_address(text)
    except ValueError:
        fields.wrong(
            "not-an-address",
            name,
            f"{shown(text)} is not an IPv4 or IPv6 address",
            f"write for example `{name}: {example}`",
        )
        return None
    kind = special_address(address)
    if kind:
        instead = "write a global one, a unique local one, or an IPv4 address"
        fields.wrong("special-addresses", name, f"{address} is a {kind} address", instead)
        return None
    return address


def read_own_address(fields: Fields, instead: str) -> IPv4Address:
    """Return the IPv4 address that is written in `address`, or the placeholder when it cannot be read."""
    text = fields.optional_text("address", "192.168.0.5")
    if not text:
        return MISSING_ADDRESS
    try:
        address = parse_address(text)
    except ValueError:
        address = None
    if not isinstance(address, IPv4Address):
        fields.wrong("not-an-address", "address", f"{shown(text)} is not an IPv4 address", instead)
        return MISSING_ADDRESS
    kind = special_address(address)
    if kind:
        fields.wrong("special-addresses", "address", f"{address} is a {kind} address", instead)
        return MISSING_ADDRESS
    return address
