"""Addresses and ranges of addresses: in one spelling, without a zone, and such as a host can have.

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
    """Return any address; ValueError when the text is none, or has a zone."""
    if not _FORM.fullmatch(text):
        msg = "is not an address"
        raise ValueError(msg)
    return ip_address(text)


def special_address(address: Address, *, loopback: bool = False) -> str:
    """Return the kind of an address that is not one host's: `multicast`, for example; empty: it can be a host's.

    With `loopback` that is one too: as a host itself sees it.
    """
    kinds = (kind for kind, network in _SPECIAL if address.version == network.version and address in network)
    kind = next(kinds, "")
    return "" if loopback and kind == "loopback" else kind


def parse_network(text: str) -> Network:
    """Return a range that is written with its length; ValueError when it is none, or has bits of a host."""
    address, slash, length = text.partition("/")
    if not slash or not _FORM.fullmatch(address) or not re.fullmatch("[0-9]{1,3}", length):
        msg = "is not a range of addresses"
        raise ValueError(msg)
    return ip_network(text)


def parse_range(text: str) -> Network:
    """Return a range, or one address as the range that it is; ValueError when the text is neither."""
    return parse_network(text) if "/" in text else ip_network(parse_address(text))


def without_host_bits(text: str) -> str:
    """Return the range that a text means that has bits of a host, or lacks its length; empty: not to be guessed."""
    address, slash, length = text.partition("/")
    if not _FORM.fullmatch(address) or (slash and not re.fullmatch("[0-9]{1,3}", length)):
        return ""
    try:
        return str(ip_interface(text).network) if slash else f"{ip_network(f'{address}/24', strict=False)}"
    except ValueError:
        return ""


def special_network(network: Network) -> str:
    """Return the kind of addresses in a range that no host has; empty: hosts can have all of it."""
    kinds = (kind for kind, one in _SPECIAL if network.version == one.version and network.overlaps(one))
    return next(kinds, "")


def special_sources(network: Network) -> str:
    """Return why no packet from outside comes from a range; empty: packets can. 0.0.0.0/0 and ::/0 are everybody."""
    if network.prefixlen == 0:
        return ""
    inside = (kind for kind, one in _SPECIAL if network.version == one.version and network.subnet_of(one))  # type: ignore[arg-type]
    return next(inside, "")
