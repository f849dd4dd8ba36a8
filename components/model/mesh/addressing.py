"""wg0 addresses: given, or derived from the node's name so that they stay when other nodes come and go."""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network


def derived_address(name: str, cidr: IPv4Network) -> IPv4Address:
    """Return the address of a node that was given none: a hash of its name, inside the usable part of the range.

    It depends on nothing but the name and the range: adding or removing nodes never moves it. Two names may meet;
    validation then asks for one of them to be given an address.
    """
    usable = max(cidr.num_addresses - 2, 1)
    digest = hashlib.sha256(name.encode()).digest()
    number = int(cidr.network_address) + 1 + int.from_bytes(digest[:8], "big") % usable
    return IPv4Address(min(number, int(cidr.broadcast_address)))  # a range of one address has no usable part


def first_free(
    cidr: IPv4Network, taken: Iterable[IPv4Address], reserved: Iterable[IPv4Network] = ()
) -> IPv4Address | None:
    """Return the lowest usable address that is not taken and in no reserved range; None when there is none.

    It is for proposals in messages.
    """
    used, ranges = {int(address) for address in taken}, sorted(reserved)
    number, last = int(cidr.network_address) + 1, int(cidr.broadcast_address)
    while number < last:
        address = IPv4Address(number)
        inside = next((network for network in ranges if address in network), None)
        if inside is None and number not in used:
            return address
        number = (int(inside.broadcast_address) if inside else number) + 1  # may be past the last of all addresses
    return None
