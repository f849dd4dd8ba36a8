"""What a lab consists of: sites with hosts, an operator, and the paths between them.

Values only. `lab.topology_file` makes them from a YAML file; everything else in the lab reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import combinations

OPERATOR = "operator"
SSH_PORT = 22
WIDE = 1500
"""Bytes of an IP packet that every path carries where nothing else is said."""


@dataclass(frozen=True)
class Forward:
    """A port of a NAT site's public address that leads to a host inside."""

    protocol: str  # tcp or udp
    port: int
    host: str  # full name
    to: int


@dataclass(frozen=True)
class Nat:
    """The site is masqueraded behind `address`; what comes in unasked is dropped, the forwards aside."""

    address: IPv4Address
    forwards: tuple[Forward, ...]


@dataclass(frozen=True)
class Host:
    """`name` is the full name; `short`, its first label, is unique in the lab. Of one family or both."""

    name: str
    address: IPv4Address | None
    site: str
    address6: IPv6Address | None = None

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """Those that it has, IPv4 first."""
        return tuple(address for address in (self.address, self.address6) if address)

    @property
    def short(self) -> str:
        """The name's first label."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Site:
    """A LAN with a router, of IPv4, IPv6 or both; without `nat` the WAN routes the LAN itself. IPv6 has no NAT."""

    name: str
    lan: IPv4Network | None
    gateway: IPv4Address | None
    hosts: tuple[Host, ...]
    nat: Nat | None
    lan6: IPv6Network | None = None
    gateway6: IPv6Address | None = None

    @property
    def public_prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """What the WAN carries to this site's router."""
        four = IPv4Network(self.nat.address) if self.nat else self.lan
        return tuple(prefix for prefix in (four, self.lan6) if prefix)


@dataclass(frozen=True)
class Path:
    """Delay is one way, in milliseconds; loss is per packet, in percent. The same in both directions.

    Packets of more than `mtu` bytes are cut by the routers, or refused with ICMP where they may not be cut (RFC 1191).
    With `silent` they are lost without a word instead, as on paths where somebody drops ICMP.
    """

    delay_ms: float
    loss_percent: float
    mtu: int = WIDE
    silent: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Where a service of a host is reached from outside its site."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Topology:
    """`links` has the paths that differ from `default`, keyed by the two places' names (sites and the operator)."""

    name: str
    operator: IPv4Address
    sites: tuple[Site, ...]
    default: Path
    links: dict[frozenset[str], Path]
    mirror: bool
    operator6: IPv6Address | None = None

    @property
    def operator_prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """What the WAN carries to the operator."""
        six = (IPv6Network(self.operator6),) if self.operator6 else ()
        return (IPv4Network(self.operator), *six)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every host, in the file's order."""
        return tuple(host for site in self.sites for host in site.hosts)

    def site(self, name: str) -> Site:
        """Raise KeyError if there is none of that name."""
        return {site.name: site for site in self.sites}[name]

    def paths(self) -> Iterator[tuple[str, str, Path]]:
        """Yield every pair of places once, with the path between them."""
        places = [*(site.name for site in self.sites), OPERATOR]
        for one, other in combinations(places, 2):
            yield one, other, self.links.get(frozenset({one, other}), self.default)

    def ssh(self, host: Host) -> Endpoint | None:
        """Where the operator reaches a host's sshd; None when its site's NAT forwards no port to it."""
        nat = self.site(host.site).nat
        if nat is None:
            return Endpoint(host.addresses[0], SSH_PORT)
        ports = [f.port for f in nat.forwards if (f.protocol, f.host, f.to) == ("tcp", host.name, SSH_PORT)]
        return Endpoint(nat.address, ports[0]) if ports else None
