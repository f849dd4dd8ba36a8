"""A roaming client."""

from dataclasses import dataclass
from ipaddress import IPv4Address


@dataclass(frozen=True)
class Client:
    """A roaming client, an administrator's laptop: a peer of one gateway, and no member of the cluster."""

    name: str
    site: str
    """Name of the site whose gateway it dials; empty: the field could not be read."""
    address: IPv4Address
    """WireGuard address."""
    dns: tuple[str, ...]
    """Name servers and search domains that it uses while it is connected, as in wg-quick(8)."""
    rotation: str
    """Any text; a change of it makes new keys for this client."""
