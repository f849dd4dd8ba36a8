"""The lab's network: routers with their LANs, and the operator's place.

It is not connected to the machine's own network. The WAN connects the places, see `lab.wan`; hosts have cables, see
`lab.cable`.
"""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from lab import netns
from lab.layout import NETNS_CONFIGURATION, Layout
from lab.topology import OPERATOR, WIDE, Nat, Site, Topology

WAN_DEVICE = "wan0"
LAN_DEVICE = "lan0"
_ROUTER_SETTINGS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.all.rp_filter": 1,
    "net.ipv4.conf.default.rp_filter": 1,
    # The router's forward chain must not filter frames between hosts of one LAN.
    "net.bridge.bridge-nf-call-iptables": 0,
    "net.bridge.bridge-nf-call-ip6tables": 0,
    "net.bridge.bridge-nf-call-arptables": 0,
}


_ROUTER_SETTINGS_6 = {"net.ipv6.conf.all.forwarding": 1, "net.ipv6.conf.default.forwarding": 1}


def make(topology: Topology, layout: Layout) -> None:
    """Make every router and the operator's place; existing ones are replaced."""
    for site in topology.sites:
        _make_router(topology, site, layout.router_netns(site.name))
    netns.make(layout.operator_netns)
    netns.ip(layout.operator_netns, ["link set lo up", *_wan(topology, None)])


def configure_operator(topology: Topology, layout: Layout) -> None:
    """Configure name resolution of the operator's place: the hosts that it can reach, and no name server."""
    configuration = NETNS_CONFIGURATION / layout.operator_netns
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "resolv.conf").write_text("# The lab has no name server.\n", encoding="utf-8")
    entries = ["127.0.0.1 localhost", "::1 localhost"]
    entries += [f"{ssh.address} {host.name} {host.short}" for host in topology.hosts if (ssh := topology.ssh(host))]
    (configuration / "hosts").write_text("\n".join([*entries, ""]), encoding="utf-8")


def fingerprint(topology: Topology, layout: Layout) -> str:
    """Return a digest of everything that `make` depends on; a network with another digest must be made again."""
    sites = [
        (site.name, site.lan, site.gateway, site.nat and nat_rules(site, site.nat), *_present(site.lan6, site.gateway6))
        for site in topology.sites
    ]
    operator = (topology.operator, *_present(topology.operator6))
    inputs = (layout.name, *operator, sorted(sites, key=lambda site: str(site[0])))
    return hashlib.sha256(repr(inputs).encode()).hexdigest()


def complete(topology: Topology, layout: Layout) -> bool:
    """Tell whether all namespaces of `make` exist."""
    wanted = [layout.router_netns(site.name) for site in topology.sites] + [layout.operator_netns]
    return all(netns.path(name).exists() for name in wanted)


def nat_rules(site: Site, nat: Nat) -> str:
    """Return the nftables rules of a NAT site's router: it accepts outbound packets, replies, and forwarded ports."""
    forwards = "\n".join(
        f"    ip daddr {nat.address} {forward.protocol} dport {forward.port} dnat ip to {address}:{forward.to}"
        for forward in nat.forwards
        for address in (host.address for host in site.hosts if host.name == forward.host)
    )
    return f"""\
table inet site {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "{LAN_DEVICE}" oifname "{WAN_DEVICE}" accept
    iifname "{WAN_DEVICE}" ct status dnat accept
  }}
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    iifname != "{WAN_DEVICE}" return
{forwards}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    oifname "{WAN_DEVICE}" ip saddr {site.lan} masquerade
  }}
}}
"""


def _make_router(topology: Topology, site: Site, name: str) -> None:
    netns.make(name)
    netns.sysctl(name, _ROUTER_SETTINGS | (_ROUTER_SETTINGS_6 if site.lan6 else {}))
    netns.ip(
        name,
        [
            "link set lo up",
            f"link add {LAN_DEVICE} type bridge",
            *([f"address add {site.gateway}/{site.lan.prefixlen} dev {LAN_DEVICE}"] if site.lan else []),
            *([f"address add {site.gateway6}/{site.lan6.prefixlen} dev {LAN_DEVICE} nodad"] if site.lan6 else []),
            f"link set {LAN_DEVICE} up",
            *_wan(topology, site),
            # Packets for addresses that the WAN does not route, such as private ones, are dropped here.
            *(["route add blackhole default"] if site.lan else []),
            *(["route add blackhole ::/0"] if site.lan6 else []),
        ],
    )
    if site.nat:
        netns.nft(name, nat_rules(site, site.nat))


def set_path_mtus(topology: Topology, layout: Layout) -> None:
    """Set the MTUs of the routes over the WAN: a router fragments bigger packets, or reports them to the sender.

    On a path that loses such packets silently, the relay of the WAN drops them, and its ends have no such MTU.
    """
    for here in (*topology.sites, None):
        namespace = layout.router_netns(here.name) if here else layout.operator_netns
        commands = [
            f"route replace {prefix} dev {WAN_DEVICE} src {source} mtu {mtu}"
            for prefix, source, mtu in wan_routes(topology, here)
        ]
        netns.ip(namespace, commands)


def wan_routes(topology: Topology, here: Site | None) -> Iterator[tuple[str, str, int]]:
    """Yield the routes of a site's router, or of the operator (None), over the WAN: prefix, source address, MTU."""
    paths = {frozenset({first, second}): path for first, second, path in topology.paths()}
    there = [(site.name, prefix) for site in topology.sites for prefix in site.public_prefixes]
    there += [(OPERATOR, prefix) for prefix in topology.operator_prefixes]
    name = here.name if here else OPERATOR
    four, six = _sources(topology, here)
    for place, prefix in there:
        source = four if prefix.version == 4 else six
        if place != name and source:
            path = paths[frozenset({name, place})]
            yield str(prefix), str(source), WIDE if path.silent else path.mtu


def _sources(topology: Topology, here: Site | None) -> tuple[IPv4Address | None, IPv6Address | None]:
    """Return the WAN addresses of a site's router, or of the operator (None)."""
    if here is None:
        return topology.operator, topology.operator6
    return here.nat.address if here.nat else here.gateway, here.gateway6


def _present(*values: object) -> list[object]:
    """Return the values that are not None, so that the digest of a lab without IPv6 does not depend on IPv6 fields."""
    return [value for value in values if value is not None]


def _wan(topology: Topology, here: Site | None) -> Iterator[str]:
    """Yield the commands that make the WAN's device, which outlives the relay behind it, and the routes over it."""
    yield f"tuntap add dev {WAN_DEVICE} mode tun"
    yield f"link set {WAN_DEVICE} addrgenmode none"  # no IPv6 solicitations in the captures
    four, six = _sources(topology, here)
    if four and (here is None or here.nat):
        yield f"address add {four}/32 dev {WAN_DEVICE}"
    if six and here is None:
        yield f"address add {six}/128 dev {WAN_DEVICE} nodad"
    yield f"link set {WAN_DEVICE} mtu 1500 up"
    for prefix, source, _ in wan_routes(topology, here):
        yield f"route add {prefix} dev {WAN_DEVICE} src {source}"
