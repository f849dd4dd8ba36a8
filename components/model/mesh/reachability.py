"""Which nodes can have a tunnel between them, and where one is spoken to by the other."""

from dataclasses import dataclass

from components.model.spec import Endpoint, Node, Spec, defaults

LAN = "lan"
"""Both at one site, over its LAN."""
DIRECT = "direct"
"""One of the two has an endpoint."""
RELAY = "relay"
"""Through gateways."""
IMPOSSIBLE = "impossible"
KINDS = (LAN, DIRECT, RELAY, IMPOSSIBLE)


@dataclass(frozen=True)
class Reachability:
    """Who can speak to whom without help from a third node."""

    listen_port: int
    """UDP port on the hosts, so that of LAN endpoints."""
    behind_site_port: frozenset[str]
    """Gateways whose endpoint is their site's."""

    def tunnel(self, one: Node, other: Node) -> str | None:
        """Return the kind of the tunnel between two nodes, LAN or DIRECT; None when neither can speak to the other."""
        if self._on_lan(one, other):
            return LAN
        return DIRECT if self.endpoint(one, other) or self.endpoint(other, one) else None

    def endpoint(self, speaker: Node, other: Node) -> Endpoint | None:
        """Return where `speaker` reaches `other`; None: `other` must speak first, or they cannot speak at all."""
        if self._on_lan(speaker, other):
            return Endpoint(str(other.lan_address), self.listen_port) if other.lan_address else None
        if speaker.site == other.site and other.name in self.behind_site_port:
            return None  # from inside, few routers send packets back through a forwarded port
        return next((endpoint for endpoint in other.endpoints if _in_common(speaker, other, endpoint)), None)

    def families(self, speaker: Node, other: Node) -> tuple[str, ...]:
        """Return of which addresses `speaker` takes one where the endpoint of `other` is a name; empty: it is none."""
        endpoint = self.endpoint(speaker, other)
        if endpoint is None or endpoint.family:
            return ()
        return tuple(family for family in other.families if family in speaker.families)

    def keepalive(self, speaker: Node, other: Node) -> int | None:
        """Return the seconds between keepalives from `speaker` to `other`; None: none.

        On a LAN there is no NAT to keep open; who is not known there by an address must keep being known. So must one
        whose endpoint is of a family that the other does not have.
        """
        if not self.endpoint(speaker, other):
            return None
        if self._on_lan(speaker, other):
            return None if speaker.lan_address else speaker.keepalive or defaults.KEEPALIVE
        one_way = bool(speaker.endpoints) and not self.endpoint(other, speaker)
        return speaker.keepalive or (defaults.KEEPALIVE if one_way else None)

    def _on_lan(self, one: Node, other: Node) -> bool:
        return one.site == other.site and bool(one.lan_address or other.lan_address)


def no_family_in_common(speaker: Node, other: Node) -> bool:
    """Tell whether `speaker` could not send to any endpoint of `other` from anywhere outside."""
    return not any(_in_common(speaker, other, endpoint) for endpoint in other.endpoints)


def _in_common(speaker: Node, other: Node, endpoint: Endpoint) -> bool:
    families = (endpoint.family,) if endpoint.family else other.families
    return any(family in speaker.families for family in families)


def reachability_of(spec: Spec) -> Reachability:
    """Return who can speak to whom."""
    return Reachability(
        listen_port=spec.mesh.listen_port,
        behind_site_port=frozenset(name for site in spec.sites for name in site.behind_ports),
    )
