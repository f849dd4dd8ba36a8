"""Addresses and networks: in canonical form, without a zone, and usable by hosts.

Python's `ipaddress` accepts any text after `%` as the zone of an IPv6 address, and ranges without a length.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORM = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_SPECIAL: tuple[tuple[str, Network], ...] = (
    ("unspecified", IPv4Network("0.0.0.0/8")),
    ("loopback", IPv4Network("127.0.0.0/8")),
    ("link-local", IPv4Network("169.254.0.0/16")),
    ("multicast", IPv4Network("224.0.0.0/4")),
    ("broadcast", IPv4Network("255.255.255.255/32")),
    ("reserved", IPv4Network("240.0.0.0/4")),
    ("unspecified", IPv6Network("::/128")),
    ("loopback", IPv6Network("::1/128")),
    ("IPv4-mapped", IPv6Network("::ffff:0:0/96")),
    ("link-local", IPv6Network("fe80::/10")),
    ("multicast", IPv6Network("ff00::/8")),
)


def parse_address(text: str) -> Address:
    """Return any address; ValueError when the text is not an address, or has a zone."""
    if not _FORM.fullmatch(text):
        msg = "is not an address"
        raise ValueError(msg)
    return ip_address(text)


def special_address(address: Address, *, loopback: bool = False) -> str:
    """Return the kind of an address that is not one host's: `multicast`, for example; empty: a host can have it.

    With `loopback`, loopback addresses are accepted too: a host can reach itself by them.
    """
    kinds = (kind for kind, network in _SPECIAL if address.version == network.version and address in network)
    kind = next(kinds, "")
    return "" if loopback and kind == "loopback" else kind


def parse_network(text: str) -> Network:
    """Return a network in CIDR form; ValueError when the text is not one, or has host bits."""
    address, slash, length = text.partition("/")
    if not slash or not _FORM.fullmatch(address) or not re.fullmatch("[0-9]{1,3}", length):
        msg = "is not a range of addresses"
        raise ValueError(msg)
    return ip_network(text)


def parse_range(text: str) -> Network:
    """Return a network, or one address as a network; ValueError when the text is neither."""
    return parse_network(text) if "/" in text else ip_network(parse_address(text))


def without_host_bits(text: str) -> str:
    """Return the network meant by a text with host bits or without a length; empty: not known."""
    address, slash, length = text.partition("/")
    if not _FORM.fullmatch(address) or (slash and not re.fullmatch("[0-9]{1,3}", length)):
        return ""
    try:
        return str(ip_interface(text).network) if slash else f"{ip_network(f'{address}/24', strict=False)}"
    except ValueError:
        return ""


def special_network(network: Network) -> str:
    """Return the kind of the addresses in a network that no host can have; empty: hosts can have all."""
    kinds = (kind for kind, one in _SPECIAL if network.version == one.version and network.overlaps(one))
    return next(kinds, "")


def special_sources(network: Network) -> str:
    """Return the kind of a network that no packet from outside comes from; empty: packets can. /0 is accepted."""
    if network.prefixlen == 0:
        return ""
    inside = (kind for kind, one in _SPECIAL if network.version == one.version and network.subnet_of(one))  # type: ignore[arg-type]
    return next(inside, "")
