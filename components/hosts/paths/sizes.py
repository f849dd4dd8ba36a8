"""The search for the largest packet that a path over wg0 carries; how an echo is sent is the caller's business."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container

LEAST = 1280
"""Bytes: the least that wg0 and the networks of pods are made for, and that of IPv6 (RFC 8200)."""
UNIT = 16
"""Bytes: WireGuard fills packets up to a multiple of that before it encrypts them, though not above wg0's own MTU.
So a path carries a multiple of it, or all."""
_AT_ONCE = 16

Answered = Callable[[Collection[tuple[str, int]]], Container[tuple[str, int]]]
"""Takes addresses with sizes, returns those from which an echo came."""


def largest(addresses: Collection[str], top: int, answered: Answered) -> dict[str, int]:
    """Return for each address the largest packet that its path carries, at most `top`; 0: not even LEAST."""
    whole = answered([(address, top) for address in addresses])
    carried = {address: top for address in addresses if (address, top) in whole}
    bounds = {address: (0, top) for address in addresses if address not in carried}  # what passes, what does not
    while bounds:
        echoes = answered([(address, size) for address, (low, high) in bounds.items() for size in steps(low, high)])
        for address, (low, high) in list(bounds.items()):
            sizes = steps(low, high)
            best = max((size for size in sizes if (address, size) in echoes), default=low)
            above = min((size for size in sizes if size > best), default=high)
            if best and above - best > UNIT:
                bounds[address] = best, above
            else:
                carried[address] = best
                del bounds[address]
    narrow = [address for address, size in carried.items() if size < top]
    # A busy host or a bad moment is not a narrow path.
    again = answered([(address, top) for address in narrow]) if narrow else ()
    return {address: top if (address, top) in again else size for address, size in carried.items()}


def steps(low: int, high: int) -> range:
    """Return a few sizes, multiples of UNIT, above `low` (0: from LEAST on) and below `high`."""
    first = low + UNIT if low else LEAST
    count = max(0, high - first) // UNIT + 1
    stride = UNIT * -(-count // _AT_ONCE)
    return range(first if not low or stride == UNIT else low + stride, high, stride)


def inside(outer: int, *, ipv6: bool, top: int) -> int:
    """Return the largest packet of wg0 that fits whole into outer packets of so many bytes, at most `top`.

    WireGuard adds 32 bytes, UDP 8, IP 20 or 40.
    """
    room = outer - (80 if ipv6 else 60)
    return top if room >= top else room // UNIT * UNIT
