"""Declaration of the mesh, the WireGuard network wg0."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class Mesh:
    """The mesh, the WireGuard network wg0."""

    cidr: IPv4Network
    """Range of wg0 addresses."""
    listen_port: int
    """UDP port of WireGuard on the hosts."""
    mtu: int
    """Bytes of an IP packet on wg0."""
    preshared_keys: bool
    """Whether each pair of peers has a preshared key."""
    rotation: str
    """Any text; a change of it makes new preshared keys for all pairs."""
    measurement: str = ""
    """Any text; a change of it starts a new measurement of the paths."""
