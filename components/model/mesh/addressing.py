"""WireGuard addresses derived from names, so that an address does not change when other nodes come and go."""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network


def derived_address(name: str, cidr: IPv4Network) -> IPv4Address:
    """Return the wg0 address of a node without a declared one: a hash of its name, within the usable part of the range.

    The address depends on the name and the range only, so adding or removing other nodes never moves it. Two names may
    collide; the check of the specification then reports both and proposes a free address.
    """
    usable = max(cidr.num_addresses - 2, 1)
    digest = hashlib.sha256(name.encode()).digest()
    number = int(cidr.network_address) + 1 + int.from_bytes(digest[:8], "big") % usable
    return IPv4Address(min(number, int(cidr.broadcast_address)))  # a range of one address has no usable part


def first_free(
    cidr: IPv4Network, taken: Iterable[IPv4Address], reserved: Iterable[IPv4Network] = ()
) -> IPv4Address | None:
    """Return the lowest usable address that is neither taken nor in a reserved range; None when there is none.

    Messages propose it.
    """
    used, ranges = {int(address) for address in taken}, sorted(reserved)
    number, last = int(cidr.network_address) + 1, int(cidr.broadcast_address)
    while number < last:
        address = IPv4Address(number)
        covering = next((network for network in ranges if address in network), None)
        if covering is None and number not in used:
            return address
        number = (int(covering.broadcast_address) if covering else number) + 1  # may exceed the last IPv4 address
    return None
