"""Declaration of the firewall of a site's hosts."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True)
class Firewall:
    """The firewall of a site's hosts."""

    enabled: bool = False
    """Whether the program manages a firewall on these hosts."""
    ssh: tuple[IPv4Network | IPv6Network, ...] = ()
    """Source ranges of SSH connections. Those over wg0 are always accepted."""


NO_FIREWALL = Firewall()
