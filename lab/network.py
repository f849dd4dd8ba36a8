"""Routers with their LANs, the operator's place, and the cable of each host.

Nothing of it is connected to the machine's own network. Between the places is the WAN, see `lab.wan`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from lab import netns
from lab.layout import NETNS_CONFIGURATION, Layout
from lab.topology import OPERATOR, WIDE, Host, Nat, Site, Topology

WAN_DEVICE = "wan0"
_LAN_DEVICE = "lan0"
_HOST_DEVICE = "eth0"
_ROUTER_SETTINGS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.all.rp_filter": 1,
    "net.ipv4.conf.default.rp_filter": 1,
    # Frames between hosts of one LAN are no business of the router's forward chain.
    "net.bridge.bridge-nf-call-iptables": 0,
    "net.bridge.bridge-nf-call-ip6tables": 0,
    "net.bridge.bridge-nf-call-arptables": 0,
}


_ROUTER_SETTINGS_6 = {"net.ipv6.conf.all.forwarding": 1, "net.ipv6.conf.default.forwarding": 1}


def make(topology: Topology, layout: Layout) -> None:
    """Make every router and the operator's place, anew where they exist."""
    for site in topology.sites:
        _make_router(topology, site, layout.router_netns(site.name))
    netns.make(layout.operator_netns)
    netns.ip(layout.operator_netns, ["link set lo up", *_wan(topology, None)])


def configure_operator(topology: Topology, layout: Layout) -> None:
    """Give the operator's place name resolution of its own: the hosts that it can reach, and no name server."""
    configuration = NETNS_CONFIGURATION / layout.operator_netns
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "resolv.conf").write_text("# The lab has no name server.\n", encoding="utf-8")
    entries = ["127.0.0.1 localhost", "::1 localhost"]
    entries += [f"{ssh.address} {host.name} {host.short}" for host in topology.hosts if (ssh := topology.ssh(host))]
    (configuration / "hosts").write_text("\n".join([*entries, ""]), encoding="utf-8")


def fingerprint(topology: Topology, layout: Layout) -> str:
    """Return what names everything that `make` makes from: where it differs the network is another one."""
    sites = [
        (site.name, site.lan, site.gateway, site.nat and nat_rules(site, site.nat), *_present(site.lan6, site.gateway6))
        for site in topology.sites
    ]
    operator = (topology.operator, *_present(topology.operator6))
    seen = (layout.name, *operator, sorted(sites, key=lambda site: str(site[0])))
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def complete(topology: Topology, layout: Layout) -> bool:
    """Tell whether all the namespaces that `make` makes are there."""
    wanted = [layout.router_netns(site.name) for site in topology.sites] + [layout.operator_netns]
    return all(netns.path(name).exists() for name in wanted)


@dataclass(frozen=True)
class Cable:
    """A host's link to its site's LAN, in plain values: it is written down and read again at every boot."""

    netns: str
    router: str
    name: str  # at the router, at most 15 characters
    mac: str  # always the same, so that neighbours need not notice a reboot
    address: str  # with prefix length; empty: none of IPv4
    gateway: str
    address6: str = ""
    gateway6: str = ""

    def connect(self) -> None:
        """Make the host's namespace anew, as at a boot: one interface, a default route."""
        self.disconnect()
        netns.make(self.netns)
        netns.ip(
            self.router,
            [
                f"link add {self.name} type veth peer name {_HOST_DEVICE} address {self.mac} netns {self.netns}",
                f"link set {self.name} master {_LAN_DEVICE} up",
            ],
        )
        netns.ip(
            self.netns,
            [
                "link set lo up",
                *([f"address add {self.address} dev {_HOST_DEVICE}"] if self.address else []),
                *([f"address add {self.address6} dev {_HOST_DEVICE} nodad"] if self.address6 else []),
                f"link set {_HOST_DEVICE} up",
                *([f"route add default via {self.gateway}"] if self.address else []),
                *([f"route add ::/0 via {self.gateway6}"] if self.address6 else []),
            ],
        )

    def disconnect(self) -> None:
        """Remove the link and the namespace, if they are there."""
        if netns.path(self.router).exists() and netns.has_link(self.router, self.name):
            netns.ip(self.router, [f"link delete {self.name}"])
        netns.remove(self.netns)


def cable(host: Host, site: Site, layout: Layout) -> Cable:
    """Return the cable of a host."""
    name = layout.host_netns(host)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Cable(
        netns=name,
        router=layout.router_netns(site.name),
        name=f"h-{host.short}" if len(host.short) <= 13 else f"h-{host.short[:8]}-{digest[:4]}",
        mac=":".join(["02", *(digest[i : i + 2] for i in range(0, 10, 2))]),
        address=f"{host.address}/{site.lan.prefixlen}" if host.address and site.lan else "",
        gateway=str(site.gateway) if host.address else "",
        address6=f"{host.address6}/{site.lan6.prefixlen}" if host.address6 and site.lan6 else "",
        gateway6=str(site.gateway6) if host.address6 else "",
    )


def nat_rules(site: Site, nat: Nat) -> str:
    """Return the nftables rules of a NAT site's router: out is free, in comes what was asked for or is forwarded."""
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
    iifname "{_LAN_DEVICE}" oifname "{WAN_DEVICE}" accept
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
            f"link add {_LAN_DEVICE} type bridge",
            *([f"address add {site.gateway}/{site.lan.prefixlen} dev {_LAN_DEVICE}"] if site.lan else []),
            *([f"address add {site.gateway6}/{site.lan6.prefixlen} dev {_LAN_DEVICE} nodad"] if site.lan6 else []),
            f"link set {_LAN_DEVICE} up",
            *_wan(topology, site),
            # What the WAN does not know, private addresses among it, disappears here.
            *(["route add blackhole default"] if site.lan else []),
            *(["route add blackhole ::/0"] if site.lan6 else []),
        ],
    )
    if site.nat:
        netns.nft(name, nat_rules(site, site.nat))


def set_path_mtus(topology: Topology, layout: Layout) -> None:
    """Give the routes over the WAN what their paths carry: who forwards a bigger packet cuts it, or tells the sender.

    A path that loses such packets silently does so at the WAN's relay, and its ends know nothing of it.
    """
    for here in (*topology.sites, None):
        namespace = layout.router_netns(here.name) if here else layout.operator_netns
        commands = [
            f"route replace {prefix} dev {WAN_DEVICE} src {source} mtu {mtu}"
            for prefix, source, mtu in wan_routes(topology, here)
        ]
        netns.ip(namespace, commands)


def wan_routes(topology: Topology, here: Site | None) -> Iterator[tuple[str, str, int]]:
    """Yield what a site's router, or the operator (None), sends over the WAN, from where, in how big packets."""
    paths = {frozenset({one, other}): path for one, other, path in topology.paths()}
    there = [(site.name, prefix) for site in topology.sites for prefix in site.public_prefixes]
    there += [(OPERATOR, prefix) for prefix in topology.operator_prefixes]
    name = here.name if here else OPERATOR
    four, six = _sources(topology, here)
    for other, prefix in there:
        source = four if prefix.version == 4 else six
        if other != name and source:
            path = paths[frozenset({name, other})]
            yield str(prefix), str(source), WIDE if path.silent else path.mtu


def _sources(topology: Topology, here: Site | None) -> tuple[IPv4Address | None, IPv6Address | None]:
    """Return the addresses by which a site's router, or the operator (None), is known on the WAN."""
    if here is None:
        return topology.operator, topology.operator6
    return here.nat.address if here.nat else here.gateway, here.gateway6


def _present(*values: object) -> list[object]:
    """Return what is there: a lab without IPv6 is named as it was before there was IPv6."""
    return [value for value in values if value is not None]


def _wan(topology: Topology, here: Site | None) -> Iterator[str]:
    """Yield what makes the WAN's device, which lasts when the relay behind it does not, and the routes over it."""
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
