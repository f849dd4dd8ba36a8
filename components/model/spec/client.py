"""A roaming client."""

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True)
class Client:
    """A roaming client, an administrator's laptop: a peer of one gateway, and no member of the cluster."""

    name: str
    site: str
    """It dials this site's gateway; empty: not readable."""
    address: IPv4Address
    dns: tuple[str, ...]
    """Name servers and search domains that it uses while it is connected, as in wg-quick(8)."""
    rotation: str
    """Any text; changing it makes new keys for this client."""
