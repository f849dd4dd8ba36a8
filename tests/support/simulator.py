"""Walks packets through rendered wg0 configurations, by WireGuard's rules, in a world of its own.

What it takes from the program is the text of the files only. A packet that is not delivered says why.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from components.model.read.host_port import parse_endpoint
from tests.support.worlds import PORT, Address, World

LONGEST = 64
"""Hops of a packet, as its time to live."""


@dataclass
class Peer:
    """One [Peer] section."""

    key: str = ""
    allowed: list[str] = field(default_factory=list)
    ranges: list[IPv4Network] = field(default_factory=list)
    """The part of AllowedIPs that is not single addresses."""
    endpoint: Address | None = None
    keepalive: int = 0


@dataclass
class Interface:
    """One host's wg0."""

    address: str
    forwards: bool
    peers: dict[str, Peer]

    def peer_of(self, address: str) -> str | None:
        """Return the key of the peer whose ranges have an address."""
        ranges = ((peer.key, network) for peer in self.peers.values() for network in peer.ranges)
        return next((key for key, network in ranges if IPv4Address(address) in network), None)


def parse(text: str) -> Interface:
    """Read a wg0.conf. Ranges that overlap are a mistake here: which peer has an address must need no second look."""
    address, forwards, peers = "", False, []
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if line == "[Peer]":
            peers.append(Peer())
        elif line.startswith("# relay:"):
            forwards = True
        elif name == "Address":
            address = value.partition("/")[0]
        elif name == "PublicKey":
            peers[-1].key = value
        elif name == "AllowedIPs":
            parts = [part.strip() for part in value.split(",")]
            peers[-1].allowed = [part.removesuffix("/32") for part in parts if part.endswith("/32")]
            peers[-1].ranges = [IPv4Network(part) for part in parts if not part.endswith("/32")]
        elif name == "Endpoint":
            endpoint = parse_endpoint(value, PORT)
            peers[-1].endpoint = (endpoint.host, endpoint.port)
        elif line.startswith("# resolve:"):
            host, port, *_ = line.split()[2:]
            peers[-1].endpoint = (host, int(port))
        elif name == "PersistentKeepalive":
            peers[-1].keepalive = int(value)
    everything = [one for peer in peers for one in peer.allowed]
    ranges = [network for peer in peers for network in peer.ranges]
    assert len(set(everything)) == len(everything), f"{address}: AllowedIPs overlap"
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2)), f"{address}: AllowedIPs overlap"
    assert not any(IPv4Address(one) in network for one in everything for network in ranges), (
        f"{address}: AllowedIPs overlap"
    )
    return Interface(address, forwards, {peer.key: peer for peer in peers})


class Network:
    """Hosts with their wg0, in a world. Public keys are the hosts' names."""

    def __init__(self, world: World, interfaces: dict[str, Interface], dead: frozenset[str] = frozenset()) -> None:
        """`dead` are hosts that hear nothing and say nothing."""
        self.world = world
        self.dead = dead
        self.interfaces = interfaces
        self._addresses = {
            name: {one: p.key for p in i.peers.values() for one in p.allowed} for name, i in interfaces.items()
        }
        self._in_ranges: dict[tuple[str, str], str | None] = {}
        self._talking: dict[tuple[str, str], str] = {}

    def deliver(self, start: str, end: str) -> str:
        """Send a packet; return "delivered", or where and why it was dropped."""
        source, destination = self.interfaces[start].address, self.interfaces[end].address
        here = start
        for _ in range(LONGEST):
            following = self._peer(here, destination)
            if following is None:
                return f"{here}: no peer has {destination}"
            obstacle = self.talking(here, following)
            if obstacle:
                return obstacle
            if self._peer(following, source) != here:
                return f"{following}: {source} is not in the AllowedIPs of {here}, which it came from"
            if self.interfaces[following].address == destination:
                return "delivered"
            if not self.interfaces[following].forwards:
                return f"{following}: forwards nothing"
            here = following
        return f"goes in circles, last at {here}"

    def _peer(self, here: str, address: str) -> str | None:
        """Return the peer of `here` whose AllowedIPs have an address."""
        found = self._addresses[here].get(address)
        if found is None and (here, address) not in self._in_ranges:
            self._in_ranges[here, address] = self.interfaces[here].peer_of(address)
        return found or self._in_ranges.get((here, address))

    def talking(self, one: str, other: str) -> str:
        """Return why `one` cannot send to `other` at this moment, when no packet has gone between them; empty: it can."""
        pair = (one, other)
        if pair not in self._talking:
            self._talking[pair] = self._obstacle(one, other)
        return self._talking[pair]

    def _obstacle(self, one: str, other: str) -> str:
        if {one, other} & self.dead:
            return f"{one}: no way to {other}, one of them is dead"
        if one not in self.interfaces[other].peers:
            return f"{other}: does not know the key of {one}"
        forth, back = self.interfaces[one].peers[other], self.interfaces[other].peers[one]
        if forth.endpoint:
            found = self.world.hears(one, forth.endpoint)
            return "" if found == other else f"{one}: {forth.endpoint} leads to {found} and not to {other}"
        if back.endpoint and back.keepalive and self.world.hears(other, back.endpoint) == one:
            return ""  # it has spoken already, and goes on
        return f"{one}: has no endpoint of {other}, which does not speak first"
