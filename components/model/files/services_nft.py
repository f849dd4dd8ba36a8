"""The table stretched_services of a node: who may come to services, and what packets are given another destination.

Which of the servers are alive is not known here: scripts/services/services_udp.sh fills the chains `here_NAME` and
`to_NAME` by `udp_conf`, and again when that changes.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from components.model.services.serving import Guarded, Readdressed, Serving, Sources

HERE = "0x40"
"""Mark of packets and connections that were given another port of this host. firewall.nft lets them in."""
AWAY = "0x80"
"""Mark of connections that were given another host's address."""

_CALLERS = """\
    # Which of this host's addresses a client has asked: NodePorts are at wg0's alone.
    map callers {
        type ipv4_addr . inet_service . inet_service : ipv4_addr
        size 131072
        flags dynamic,timeout
    }
"""
_TABLE = "inet stretched_services"
_PODS = ("cali*", "vxlan.*", "flannel.*", "cni0")
"""Devices of pods, as firewall.nft has them: they are in the mesh."""


def services_nft(serving: Serving) -> str:
    """Return the file for nft(8)."""
    moved = serving.readdressed
    here = [one for one in moved if one.here is not None]
    away = [one for one in moved if one.servers]
    inside = any(one.sources is None for one in serving.guarded)
    chains = [
        *([_opened()] if away else []),
        *([_chain("pods", "", [f'iifname "{device}" accept' for device in _PODS])] if inside else []),
        _chain("guard", "filter hook prerouting priority mangle", _guard(serving, bool(here))),
    ]
    if moved:
        chains.append(
            "    # There once stretched-services-udp has filled the chains below.\n    set settled { type mark; }\n"
        )
    if any(not one.program for one in here):
        chains.append(_CALLERS)
    if here:
        into = [f"{match} jump here_{one.name}" for one in here for match in _matches(serving, one)]
        back = [_back(one) for one in here]
        chains += [
            # Before the connection is known: whoever comes later, kube-proxy too, sees the port here only.
            _chain("entering", "filter hook prerouting priority raw", into),
            _chain("leaving", "filter hook postrouting priority 300", back),
            *(f"    chain here_{one.name} {{\n    }}\n" for one in here),
        ]
    if away:
        to = [f"{match} goto to_{one.name}" for one in away for match in _matches(serving, one) if "ip6" not in match]
        chains += [
            _chain("readdressing", "nat hook prerouting priority dstnat - 5", to),
            _chain(
                "answering", "nat hook postrouting priority srcnat - 5", [f"ct mark and {AWAY} == {AWAY} masquerade"]
            ),
            *(f"    chain to_{one.name} {{\n    }}\n" for one in away),
        ]
    return f"table {_TABLE}\ndelete table {_TABLE}\ntable {_TABLE} {{\n" + "\n".join(chains) + "}\n"


def udp_conf(serving: Serving) -> str:
    """Return what services_udp.sh reads, a line for each place where packets may go; empty: it has nothing to do."""
    lines = []
    for one in serving.readdressed:
        what = f"{one.name} {one.protocol} {one.port}"
        if one.here is not None:
            lines.append(
                f"{what} here program {one.here}" if one.program else f"{what} here {serving.address} {one.here}"
            )
        for server in one.servers:
            place = "target" if server.name == "target" else "near" if server.near else "far"
            lines.append(f"{what} {place} {server.host} {server.port}")
    return "".join(f"{line}\n" for line in lines)


def _chain(name: str, hook: str, rules: Iterable[str]) -> str:
    base = [f"        type {hook}; policy accept;"] if hook else []
    lines = [f"    chain {name} {{", *base, *(f"        {rule}" for rule in rules), "    }"]
    return "\n".join(lines) + "\n"


def _opened() -> str:
    """Return what keeps a host from being a router where it forwards for this alone."""
    rules = [
        'iifname "wg0" oifname "wg0" accept',
        "iifname @opened ct direction reply accept",
        "iifname @opened ct status dnat accept",
        "iifname @opened drop",
    ]
    return "    # Devices that forward because of these services only.\n    set opened { type ifname; }\n\n" + _chain(
        "forward", "filter hook forward priority filter - 5", rules
    )


def _guard(serving: Serving, here: bool) -> list[str]:
    """Return the rules of who may come. Answers to what this host asked for itself may have any port."""
    rules = ['iifname { "lo", "wg0" } accept'] if not here else []
    if here:
        rules = [
            f"meta mark and {HERE} == {HERE} ct direction original ct mark set ct mark or {HERE} accept",
            'iifname { "lo", "wg0" } accept',
        ]
    rules += ["ct direction reply accept", "fib daddr type != local accept"]
    return rules + [rule for one in serving.guarded for rule in _of(serving, one)]


def _of(serving: Serving, one: Guarded) -> list[str]:
    port = f"{one.protocol} dport {one.port}"
    if one.sources is None:
        to = port if one.program else f"ip daddr {serving.address} {port}"
        return [f"{to} jump pods", f"{to} drop"]
    accepted = [f"{port} {among} accept" if among else "" for among in _among(one.sources)]
    return [*accepted, f"{port} drop"] if all(accepted) else []


def _among(sources: Sources) -> list[str]:
    """Return the conditions of which one must hold; an empty one always holds."""
    if {(network.version, network.prefixlen) for network in sources} >= {(4, 0), (6, 0)}:
        return [""]
    four = collapse_addresses(network for network in sources if isinstance(network, IPv4Network))
    six = collapse_addresses(network for network in sources if not isinstance(network, IPv4Network))
    found = [(word, ", ".join(map(str, among))) for word, among in (("ip", four), ("ip6", six))]
    return [f"{word} saddr {{ {among} }}" for word, among in found if among]


def _matches(serving: Serving, one: Readdressed) -> list[str]:
    """Return what packets it is about."""
    port = f"{one.protocol} dport {one.port}"
    if one.mesh:
        return [f'iifname "wg0" ip daddr {serving.address} {port}']
    outside = f'iifname != {{ "lo", "wg0" }} fib daddr type local {port}'
    return [f"{outside} {among}".rstrip() for among in _among(one.sources)]


def _back(one: Readdressed) -> str:
    address = "" if one.program else " ip saddr set ip daddr . udp dport . udp sport map @callers"
    return (
        f"ct mark and {HERE} == {HERE} ct direction reply {one.protocol} sport {one.here}"
        f" {one.protocol} sport set {one.port}{address}"
    )
