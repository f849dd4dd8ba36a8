"""nftables table stretched_services of a node: it filters the callers of services and redirects packets.

On the host, scripts/services/services_udp.sh reads `udp_conf`, checks which servers are up, and fills the chains
`here_NAME` and `to_NAME` accordingly.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses

from components.model.files.text_lines import lines as text_of
from components.model.firewall.needs import POD_DEVICES
from components.model.services.serving import Guarded, Readdressed, Serving, Sources

HERE = "0x40"
"""Mark of packets and connections that are redirected to another port of this host. firewall.nft accepts them."""
AWAY = "0x80"
"""Mark of connections that are redirected to another host."""

_CALLERS = """\
    # Which of this host's addresses a client has asked: NodePorts are at wg0's alone.
    map callers {
        type ipv4_addr . inet_service . inet_service : ipv4_addr
        size 131072
        flags dynamic,timeout
    }
"""
_TABLE = "inet stretched_services"


def services_nft(serving: Serving) -> str:
    """Return the file for nft(8)."""
    redirected = serving.readdressed
    here = [each for each in redirected if each.here is not None]
    away = [each for each in redirected if each.servers]
    inside = any(guarded.sources is None for guarded in serving.guarded)
    chains = [
        *([_opened()] if away else []),
        *([_chain("pods", "", [f'iifname "{device}" accept' for device in POD_DEVICES])] if inside else []),
        _chain("guard", "filter hook prerouting priority mangle", _guard(serving, bool(here))),
    ]
    if redirected:
        chains.append(
            "    # There once stretched-services-udp has filled the chains below.\n    set settled { type mark; }\n"
        )
    if any(not each.program for each in here):
        chains.append(_CALLERS)
    if here:
        into = [f"{match} jump here_{each.name}" for each in here for match in _matches(serving, each)]
        back = [_back(each) for each in here]
        chains += [
            # Priority raw precedes connection tracking: later chains, even kube-proxy's, see the new port only.
            _chain("entering", "filter hook prerouting priority raw", into),
            _chain("leaving", "filter hook postrouting priority 300", back),
            *(f"    chain here_{each.name} {{\n    }}\n" for each in here),
        ]
    if away:
        to = [
            f"{match} goto to_{each.name}" for each in away for match in _matches(serving, each) if "ip6" not in match
        ]
        chains += [
            _chain("readdressing", "nat hook prerouting priority dstnat - 5", to),
            _chain(
                "answering", "nat hook postrouting priority srcnat - 5", [f"ct mark and {AWAY} == {AWAY} masquerade"]
            ),
            *(f"    chain to_{each.name} {{\n    }}\n" for each in away),
        ]
    return f"table {_TABLE}\ndelete table {_TABLE}\ntable {_TABLE} {{\n" + "\n".join(chains) + "}\n"


def udp_conf(serving: Serving) -> str:
    """Return the input of services_udp.sh, a line for each possible destination; empty: it has nothing to do."""
    lines = []
    for each in serving.readdressed:
        prefix = f"{each.name} {each.protocol} {each.port}"
        if each.here is not None:
            lines.append(
                f"{prefix} here program {each.here}" if each.program else f"{prefix} here {serving.address} {each.here}"
            )
        for server in each.servers:
            place = "target" if server.name == "target" else "near" if server.near else "far"
            lines.append(f"{prefix} {place} {server.host} {server.port}")
    return text_of(lines)


def _chain(name: str, hook: str, rules: Iterable[str]) -> str:
    base = [f"        type {hook}; policy accept;"] if hook else []
    return text_of([f"    chain {name} {{", *base, *(f"        {rule}" for rule in rules), "    }"])


def _opened() -> str:
    """Return rules for devices that forward packets for services only: the host must not become a router."""
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
    """Return the rules that filter callers. Replies to this host's own connections are accepted on any port."""
    rules = ['iifname { "lo", "wg0" } accept'] if not here else []
    if here:
        rules = [
            f"meta mark and {HERE} == {HERE} ct direction original ct mark set ct mark or {HERE} accept",
            'iifname { "lo", "wg0" } accept',
        ]
    rules += ["ct direction reply accept", "fib daddr type != local accept"]
    return rules + [rule for guarded in serving.guarded for rule in _filter(serving, guarded)]


def _filter(serving: Serving, guarded: Guarded) -> list[str]:
    port = f"{guarded.protocol} dport {guarded.port}"
    if guarded.sources is None:
        match = port if guarded.program else f"ip daddr {serving.address} {port}"
        return [f"{match} jump pods", f"{match} drop"]
    accepted = [f"{port} {saddr} accept" if saddr else "" for saddr in _saddr(guarded.sources)]
    return [*accepted, f"{port} drop"] if all(accepted) else []


def _saddr(sources: Sources) -> list[str]:
    """Return matches of the source address, each of which must hold; an empty match always holds."""
    if {(network.version, network.prefixlen) for network in sources} >= {(4, 0), (6, 0)}:
        return [""]
    four = collapse_addresses(network for network in sources if isinstance(network, IPv4Network))
    six = collapse_addresses(network for network in sources if not isinstance(network, IPv4Network))
    ranges = [(family, ", ".join(map(str, networks))) for family, networks in (("ip", four), ("ip6", six))]
    return [f"{family} saddr {{ {networks} }}" for family, networks in ranges if networks]


def _matches(serving: Serving, each: Readdressed) -> list[str]:
    """Return the matches of the packets to redirect."""
    port = f"{each.protocol} dport {each.port}"
    if each.mesh:
        return [f'iifname "wg0" ip daddr {serving.address} {port}']
    outside = f'iifname != {{ "lo", "wg0" }} fib daddr type local {port}'
    return [f"{outside} {saddr}".rstrip() for saddr in _saddr(each.sources)]


def _back(each: Readdressed) -> str:
    """Return the rule that restores port and address in replies."""
    address = "" if each.program else " ip saddr set ip daddr . udp dport . udp sport map @callers"
    return (
        f"ct mark and {HERE} == {HERE} ct direction reply {each.protocol} sport {each.here}"
        f" {each.protocol} sport set {each.port}{address}"
    )
