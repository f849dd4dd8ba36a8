"""Topology of a lab: sites with hosts, an operator, and the paths between them.

These are plain values, which `lab.topology_file` reads from a YAML file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import combinations

OPERATOR = "operator"
SSH_PORT = 22
WIDE = 1500
"""Default MTU of a path: bytes of an IP packet."""


@dataclass(frozen=True)
class Forward:
    """A port of a NAT site's public address that the router forwards to a host."""

    protocol: str  # tcp or udp
    port: int
    host: str  # full name
    to: int


@dataclass(frozen=True)
class Nat:
    """NAT of a site behind `address`. Inbound packets are dropped, except replies and forwards."""

    address: IPv4Address
    forwards: tuple[Forward, ...]


@dataclass(frozen=True)
class System:
    """What a host's root file system is like: `like` is one of LIKES, `release` (of Debian) one of RELEASES."""

    like: str = "debian"
    release: str = "bookworm"

    def __str__(self) -> str:
        return self.release if self.like == "debian" else f"{self.like}-like"


LIKES = ("debian", "el9", "ubuntu")
RELEASES = ("bullseye", "bookworm", "trixie")


@dataclass(frozen=True)
class Host:
    """A host, with addresses of one family or both. `name` is its full name; `short`, the first label, is unique."""

    name: str
    address: IPv4Address | None
    site: str
    address6: IPv6Address | None = None
    system: System = System()
    machine: bool = False
    """`kind: machine`: emulated, with a kernel of its own; else a container."""
    selinux: bool = False
    """`selinux: enforcing`, of a machine."""

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """The addresses that it has, IPv4 first."""
        return tuple(address for address in (self.address, self.address6) if address)

    @property
    def kind(self) -> str:
        """The host's system, and whether it is a machine, for people."""
        words = (str(self.system), *(["machine"] if self.machine else []), *(["SELinux"] if self.selinux else []))
        return " ".join(words)

    @property
    def short(self) -> str:
        """The name's first label."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Site:
    """A LAN with a router, for IPv4, IPv6 or both. Without `nat`, the WAN routes the LAN; IPv6 never has NAT."""

    name: str
    lan: IPv4Network | None
    gateway: IPv4Address | None
    hosts: tuple[Host, ...]
    nat: Nat | None
    lan6: IPv6Network | None = None
    gateway6: IPv6Address | None = None

    @property
    def public_prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Prefixes that the WAN routes to this site's router."""
        four = IPv4Network(self.nat.address) if self.nat else self.lan
        return tuple(prefix for prefix in (four, self.lan6) if prefix)


@dataclass(frozen=True)
class Path:
    """A path, with the same properties in both directions. The delay is one-way; the loss is that of packets.

    Routers fragment packets of more than `mtu` bytes, or reject them with ICMP if they must not be fragmented (RFC
    1191). With `silent`, such packets are lost without ICMP, as on paths where a firewall drops it.
    """

    delay_ms: float
    loss_percent: float
    mtu: int = WIDE
    silent: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Address and port at which a service of a host is reached from outside its site."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Topology:
    """A topology. `links` are the paths that differ from `default`, by the names of both places (site or operator)."""

    name: str
    operator: IPv4Address
    sites: tuple[Site, ...]
    default: Path
    links: dict[frozenset[str], Path]
    mirror: bool
    operator6: IPv6Address | None = None

    @property
    def operator_prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Prefixes that the WAN routes to the operator."""
        six = (IPv6Network(self.operator6),) if self.operator6 else ()
        return (IPv4Network(self.operator), *six)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All hosts, in the order of the file."""
        return tuple(host for site in self.sites for host in site.hosts)

    def site(self, name: str) -> Site:
        """Return a site by its name; KeyError when there is none."""
        return {site.name: site for site in self.sites}[name]

    def paths(self) -> Iterator[tuple[str, str, Path]]:
        """Yield every pair of places once, with the path between them."""
        places = [*(site.name for site in self.sites), OPERATOR]
        for first, second in combinations(places, 2):
            yield first, second, self.links.get(frozenset({first, second}), self.default)

    def ssh(self, host: Host) -> Endpoint | None:
        """Return the endpoint of a host's sshd for the operator; None: its site's NAT forwards no port to it."""
        nat = self.site(host.site).nat
        if nat is None:
            return Endpoint(host.addresses[0], SSH_PORT)
        ports = [f.port for f in nat.forwards if (f.protocol, f.host, f.to) == ("tcp", host.name, SSH_PORT)]
        return Endpoint(nat.address, ports[0]) if ports else None
