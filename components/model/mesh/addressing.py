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
    return cidr.network_address + 1 + int.from_bytes(digest[:8], "big") % usable


def first_free(
    cidr: IPv4Network, taken: Iterable[IPv4Address], reserved: Iterable[IPv4Network] = ()
) -> IPv4Address | None:
    """Return the lowest usable address that is not taken and in no reserved range; None when there is none.

    It is for proposals in messages.
    """
    used, ranges = set(taken), sorted(reserved)
    address = cidr.network_address + 1
    while address < cidr.broadcast_address:
        inside = next((network for network in ranges if address in network), None)
        if inside is None and address not in used:
            return address
        address = (inside.broadcast_address if inside else address) + 1
    return None
