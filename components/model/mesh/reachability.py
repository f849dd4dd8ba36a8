"""Reachability: which pairs of nodes can have a tunnel, and by which endpoint one node dials the other."""

from dataclasses import dataclass

from components.model.spec import Endpoint, Node, Spec, defaults

LAN = "lan"
"""Both nodes are at one site and use its LAN."""
DIRECT = "direct"
"""One of the two nodes has an endpoint that the other can dial."""
RELAY = "relay"
"""The path goes through gateways."""
IMPOSSIBLE = "impossible"
"""There is no path."""
KINDS = (LAN, DIRECT, RELAY, IMPOSSIBLE)


@dataclass(frozen=True)
class Reachability:
    """Which nodes can dial which, without a relay."""

    listen_port: int
    """UDP port of WireGuard on the hosts, and thus of LAN endpoints."""
    behind_site_port: frozenset[str]
    """Names of the gateways whose endpoint is a port of their site's router."""

    def tunnel(self, first: Node, second: Node) -> str | None:
        """Return the kind of the tunnel between two nodes, LAN or DIRECT; None when neither can dial the other."""
        if self._on_lan(first, second):
            return LAN
        return DIRECT if self.endpoint(first, second) or self.endpoint(second, first) else None

    def endpoint(self, speaker: Node, peer: Node) -> Endpoint | None:
        """Return the endpoint by which `speaker` dials `peer`; None: `peer` must speak first, or there is no tunnel."""
        if self._on_lan(speaker, peer):
            return Endpoint(str(peer.lan_address), self.listen_port) if peer.lan_address else None
        if speaker.site == peer.site and peer.name in self.behind_site_port:
            return None  # few routers support hairpin NAT: a dial from the inside to their own forwarded port
        return next((endpoint for endpoint in peer.endpoints if _in_common(speaker, peer, endpoint)), None)

    def families(self, speaker: Node, peer: Node) -> tuple[str, ...]:
        """Return the address families that `speaker` resolves where the endpoint of `peer` is a name, else nothing."""
        endpoint = self.endpoint(speaker, peer)
        if endpoint is None or endpoint.family:
            return ()
        return tuple(family for family in peer.families if family in speaker.families)

    def keepalive(self, speaker: Node, peer: Node) -> int | None:
        """Return the seconds between keepalives from `speaker` to `peer`; None: it sends none.

        A LAN has no NAT mapping to keep open. But a node without a LAN address must keep its peer informed of where it
        is, and so must a node whose endpoints the peer cannot dial because of their address family.
        """
        if not self.endpoint(speaker, peer):
            return None
        if self._on_lan(speaker, peer):
            return None if speaker.lan_address else speaker.keepalive or defaults.KEEPALIVE
        one_way = bool(speaker.endpoints) and not self.endpoint(peer, speaker)
        return speaker.keepalive or (defaults.KEEPALIVE if one_way else None)

    def _on_lan(self, first: Node, second: Node) -> bool:
        return first.site == second.site and bool(first.lan_address or second.lan_address)


def no_family_in_common(speaker: Node, peer: Node) -> bool:
    """Tell whether `speaker` has no address family in which it could dial an endpoint of `peer`."""
    return not any(_in_common(speaker, peer, endpoint) for endpoint in peer.endpoints)


def _in_common(speaker: Node, peer: Node, endpoint: Endpoint) -> bool:
    families = (endpoint.family,) if endpoint.family else peer.families
    return any(family in speaker.families for family in families)


def reachability_of(spec: Spec) -> Reachability:
    """Return the reachability of a specification's nodes."""
    return Reachability(
        listen_port=spec.mesh.listen_port,
        behind_site_port=frozenset(name for site in spec.sites for name in site.behind_ports),
    )
