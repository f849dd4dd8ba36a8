"""What is declared of the firewall of a site's hosts."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network


@dataclass(frozen=True)
class Firewall:
    """The firewall of a site's hosts."""

    enabled: bool = False
    ssh: tuple[IPv4Network | IPv6Network, ...] = ()
    """From where SSH may come; over wg0 it always may."""


NO_FIREWALL = Firewall()
