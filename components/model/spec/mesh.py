"""The network wg0."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class Mesh:
    """The network wg0."""

    cidr: IPv4Network
    listen_port: int
    """UDP port on the hosts."""
    mtu: int
    """Bytes of an IP packet on wg0."""
    preshared_keys: bool
    rotation: str
    """Any text; changing it makes new preshared keys for every pair."""
    measurement: str = ""
    """Any text; changing it has paths measured again."""
