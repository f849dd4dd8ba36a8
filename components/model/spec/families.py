"""Address families, with their names in Kubernetes: IPv4 and IPv6."""

from collections.abc import Iterable
from functools import cache
from ipaddress import ip_address

IPV4 = "IPv4"
IPV6 = "IPv6"
FAMILIES = (IPV4, IPV6)


@cache
def family_of(host: str) -> str | None:
    """Return the family of an address; None for a name."""
    try:
        return FAMILIES[ip_address(host).version == 6]
    except ValueError:
        return None


def in_words(families: Iterable[str]) -> str:
    """Return `IPv4`, `IPv6` or `IPv4 and IPv6`."""
    return " and ".join(families)
