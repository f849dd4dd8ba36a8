"""Entries of services with IPv6, and entries behind a router that forwards their ports.

There is no cluster here: what answers are programs of the hosts (`hostPort`). tests/lab/test_services.py has what IPv4 at
public hosts does. The tests run in the file's order on one lab, `lab/topologies/entries.yaml`; the program is tests/lab/mesh.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.topology import SSH_PORT
from lab.topology_file import load
from tests.lab import programs
from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until
from tests.support.examples import TREE, changed, configuration

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
    pytest.mark.usefixtures("stack"),
]

FILE = TREE / "lab/topologies/entries.yaml"
LAB = MeshLab(FILE)
OPERATOR, OPERATOR6 = "203.0.113.200", "2001:db8:ffff::200"
CALLER6 = "2001:db8:6::20"
DUAL, DUAL6, SIX6 = "192.0.2.11", "2001:db8:1::11", "2001:db8:6::11"
PORTED, SINGLE = "203.0.113.9", "203.0.113.10"
"""Of the two routers."""
GATE6, SINGLE6 = "2001:db8:5::11", "2001:db8:a::11"
"""Of hosts behind them."""
WG0 = {name: f"192.168.7.{number}" for number, name in enumerate(("dual", "six", "gate", "inner", "single"), 1)}
WIREGUARD = 51820


def node(name: str, **fields: object) -> dict[str, object]:
    return {f"{name}.lab.test": {"address": WG0[name], **fields}}


def ssh(port: int) -> dict[str, object]:
    return {"host": PORTED, "port": port}


SITES: dict[str, object] = {
    "both": {
        "institution": "north",
        "gateway": "dual.lab.test",
        "nodes": node("dual", endpoint=[f"[{DUAL6}]", DUAL], ssh={"host": DUAL}, roles=["control-plane", "etcd"]),
    },
    "six": {"institution": "middle", "nodes": node("six", endpoint=f"[{SIX6}]")},
    "ported": {
        "institution": "south",
        "gateway": "gate.lab.test",
        "endpoint": [f"{PORTED}:4500", f"[{GATE6}]"],
        "nodes": {
            **node("gate", lanAddress="10.5.0.11", ssh=ssh(2211)),
            **node("inner", lanAddress="10.5.0.12", ssh=ssh(2212)),
        },
    },
    "single": {
        "institution": "east",
        "nodes": node("single", endpoint=[SINGLE, f"[{SINGLE6}]"], lanAddress="10.6.0.11", ssh={"port": 2213}),
    },
}
PUBLIC = {"from": "public"}
PUBLIC_HOSTS = {"at": ["both", "six"], "clientAddress": "kept"}
INNER = {"at": ["inner.lab.test"]}
UDP = {"protocol": "udp"}
BY_SIX: dict[str, dict[str, object]] = {
    "portal": {"port": 443, "hostPort": 8443, **INNER, **PUBLIC},
    "told": {"port": 8001, "hostPort": 8444, **INNER, **PUBLIC, "clientAddress": "proxy-protocol"},
    "itself": {"port": 8445, "hostPort": 8445, **PUBLIC_HOSTS, **PUBLIC},
    "moved": {"port": 8002, "hostPort": 8446, **PUBLIC_HOSTS, **PUBLIC},
    "few": {"port": 8003, "hostPort": 8443, **INNER, "from": ["2001:db8:6::/64"]},
    "few-told": {
        **{"port": 8005, "hostPort": 8444, **INNER, "clientAddress": "proxy-protocol"},
        **{"from": ["2001:db8:6::/64", "203.0.113.0/24"]},
    },
    "four": {"port": 8004, "hostPort": 8443, **INNER, "from": ["203.0.113.0/24"]},
    "echo": {**UDP, "port": 5454, "hostPort": 5454, **PUBLIC_HOSTS, **PUBLIC},
    "echo-moved": {**UDP, "port": 5355, "hostPort": 5455, **PUBLIC_HOSTS, **PUBLIC},
    "echo-few": {**UDP, "port": 5356, "hostPort": 5456, **PUBLIC_HOSTS, "from": ["2001:db8:6::/64"]},
    "echo-four": {**UDP, "port": 5357, "hostPort": 5457, "at": ["both"], **PUBLIC},
    "echo-inner": {**UDP, "port": 5358, "hostPort": 5454, **INNER, **PUBLIC},
}
BEHIND_ROUTERS: dict[str, dict[str, object]] = {
    "door": {"port": 443, "hostPort": 8443, **INNER, **PUBLIC, "entries": ["ported"]},
    "door-told": {
        **{"port": 8001, "hostPort": 8444, **INNER, **PUBLIC, "entries": ["ported"]},
        **{"clientAddress": "proxy-protocol"},
    },
    "door-moved": {
        **{"port": 8002, "hostPort": 8446, "at": ["gate.lab.test"], **PUBLIC, "entries": ["ported"]},
        **{"clientAddress": "kept"},
    },
    "door-few": {"port": 8003, "hostPort": 8443, **INNER, "from": ["203.0.113.0/24"], "entries": ["ported"]},
    "door-itself": {
        **{"port": 8445, "hostPort": 8445, "at": ["gate.lab.test"], **PUBLIC, "entries": ["ported"]},
        **{"clientAddress": "kept"},
    },
    "door-echo": {**UDP, "port": 5353, "hostPort": 5454, **INNER, **PUBLIC, "entries": ["ported"]},
    "door-kept": {
        **{**UDP, "port": 5454, "hostPort": 5454, "at": ["gate.lab.test"], **PUBLIC, "entries": ["ported"]},
        **{"clientAddress": "kept"},
    },
    "one": {"port": 8006, "hostPort": 8443, "at": ["single"], **PUBLIC, "entries": ["single.lab.test"]},
    "one-echo": {**UDP, "port": 5353, "hostPort": 5454, "at": ["single"], **PUBLIC, "entries": ["single"]},
    "one-kept": {
        **{**UDP, "port": 5354, "hostPort": 5455, "at": ["single"], **PUBLIC, "entries": ["single.lab.test"]},
        **{"clientAddress": "kept"},
    },
}
SERVICES = {**BY_SIX, **BEHIND_ROUTERS}
OWN = "tcp:8445 tcp:8446 udp:5454 udp:5455 udp:5456 udp:5457"
PROGRAMS = {
    "dual": OWN,
    "six": OWN,
    "gate": OWN,
    "inner": "tcp:8443 proxy:8444 udp:5454",
    "single": "tcp:8443 udp:5454 udp:5455",
}

PUBLIC_ONES = (DUAL, DUAL6, SIX6)
ADDRESSES = {
    **dict.fromkeys(("portal", "told", "few-told"), (*PUBLIC_ONES, SINGLE6)),
    "few": (DUAL6, SIX6, SINGLE6),
    **dict.fromkeys(("itself", "moved", "echo", "echo-moved"), PUBLIC_ONES),
    "echo-few": (DUAL6, SIX6),
    **dict.fromkeys(("four", "echo-four", "echo-inner"), (DUAL,)),
    **dict.fromkeys(("door", "door-told", "door-moved", "door-itself", "door-kept"), (PORTED, GATE6)),
    **dict.fromkeys(("door-few", "door-echo"), (PORTED,)),
    **dict.fromkeys(("one", "one-kept"), (SINGLE, SINGLE6)),
    "one-echo": (SINGLE,),
}
"""Where each service shall be reached."""
CALLERS = ("few", "few-told", "echo-few")
"""Services where of those who come by IPv6 only the caller may."""


def up(services: Mapping[str, object]) -> str:
    whole = {**configuration(), "mesh": {"cidr": "192.168.7.0/24"}, "sites": SITES}
    whole["firewall"] = {"enabled": True, "ssh": [OPERATOR, OPERATOR6]}
    LAB.write(changed("services", dict(services), whole), "dual.lab.test")
    return LAB.up()


Asked = tuple[str, str]
"""A service, and an address where it is asked."""


def question(asked: Asked) -> tuple[object, ...]:
    name, address = asked
    return (SERVICES[name].get("protocol", "tcp"), address, SERVICES[name]["port"])


def expect(expected: Mapping[Asked, list[str]], place: str = "operator") -> None:
    """Await which programs answer, and which address of the client each sees; where nobody should, [] is expected."""
    programs.expect(LAB, place, {question(asked): answer for asked, answer in expected.items()})


def answered(*asked: Asked, place: str = "operator") -> None:
    """Await that somebody answers for each of these services and addresses."""
    left = list(asked)

    def all_answered() -> bool:
        told = programs.answers(LAB, place, *map(question, left))
        left[:] = [one for one, answer in zip(left, told, strict=True) if not answer]
        return not left

    wait_until(all_answered, 20, f"somebody answers for each of {asked}")


def closed(*asked: Asked, places: tuple[str, ...] = ("operator",)) -> bool:
    """Tell whether nobody answers for any of these services and addresses in any of the places."""
    questions = [question(one) for one in asked]
    with ThreadPoolExecutor() as pool:
        return not any(any(told) for told in pool.map(lambda place: programs.answers(LAB, place, *questions), places))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with LAB.standing(tmp_path_factory.mktemp("stack") / "mesh"):
        for site, address in (("ported", GATE6), ("single", SINGLE6)):
            LAB.lab("exec", f"router:{site}", "--", "nft", f"add rule inet site forward ip6 daddr {address} accept")
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda host: programs.start(LAB, host, PROGRAMS[host]), PROGRAMS))
        up(SERVICES)
        yield LAB


@pytest.fixture(scope="module")
def told(stack: MeshLab) -> dict[str, dict[str, list[str]]]:
    """The output `services`."""
    text = stack.pulumi("stack", "output", "services", "--json", "--stack", stack.stack)
    found: dict[str, dict[str, list[str]]] = json.loads(text)
    return found


def test_the_outputs_have_the_addresses_and_records_of_both_families(told: dict[str, dict[str, list[str]]]) -> None:
    assert {name: sorted(fields["addresses"]) for name, fields in told.items()} == {
        name: sorted(addresses) for name, addresses in ADDRESSES.items()
    }
    for name, fields in told.items():
        records = {f"{name} {'AAAA' if ':' in address else 'A'} {address}" for address in ADDRESSES[name]}
        assert sorted(fields["dns"]) == sorted(records)


def test_a_client_is_answered_at_every_address_that_the_outputs_have(told: dict[str, dict[str, list[str]]]) -> None:
    for host in ("dual", "six", "gate", "single"):
        ready = "nft get element inet stretched_services settled '{ 1 }' && systemctl is-active stretched-services"
        LAB.sh(host, f'timeout 300 sh -c "until {ready}; do sleep 0.2; done" >/dev/null 2>&1')
    everywhere = [(name, address) for name, fields in told.items() for address in fields["addresses"]]
    few = [(name, address) for name, address in everywhere if name in CALLERS and address != DUAL]
    many = [one for one in everywhere if one not in few]
    answered(*many)
    answered(*few, place="caller")


def test_who_comes_by_ipv6_is_tunnelled_to_the_private_site() -> None:
    inner = {address: ["inner", WG0[entry]] for address, entry in ((DUAL6, "dual"), (SIX6, "six"))}
    # six is an entry without any IPv4 but wg0's, and a relay is on the way.
    expect({("portal", address): answer for address, answer in inner.items()})
    expect({("portal", DUAL6): inner[DUAL6]}, "caller")


def test_the_ipv6_address_of_the_client_is_told_or_kept_where_that_was_asked() -> None:
    kept = ("itself", "moved", "echo", "echo-moved")
    for place, client in (("operator", OPERATOR6), ("caller", CALLER6)):
        for address, entry in ((DUAL6, "dual"), (SIX6, "six")):
            others = {(service, address): [entry, client] for service in kept}
            expect({("told", address): ["inner", client], **others}, place)
    others = {(service, DUAL): ["dual", OPERATOR] for service in kept}
    expect({("told", DUAL): ["inner", OPERATOR], **others})


def test_ranges_of_ipv6_let_in_who_is_in_them_and_nobody_else() -> None:
    both = [(service, address) for service in CALLERS for address in (DUAL6, SIX6)]
    answers = [
        *(["inner", WG0["dual"]], ["inner", WG0["six"]]),
        *(["inner", CALLER6], ["inner", CALLER6]),
        *(["dual", CALLER6], ["six", CALLER6]),
    ]
    expect(dict(zip(both, answers, strict=True)), "caller")
    assert closed(*both, ("few", DUAL), ("echo-few", DUAL))
    expect({("few-told", DUAL): ["inner", OPERATOR]})  # its range of IPv4


def test_what_is_for_ipv4_only_is_not_reached_by_ipv6() -> None:
    for_ipv4 = [(service, DUAL6) for service in ("four", "echo-four", "echo-inner")]
    assert closed(*for_ipv4, places=("operator", "caller"))


WITNESS = """
table inet witness {
  set seen { type inet_service; size 65536; flags dynamic; }
  chain input {
    type filter hook input priority filter + 100; policy accept;
    iifname "eth0" ct direction original udp dport != 0 add @seen { udp dport }
  }
}
"""


def udp_scan(host: str, address: str, asked: set[int], expected: set[int]) -> None:
    """Scan UDP ports of an address; those that packets got in at on the host are `expected`, which those at `asked` come to."""
    LAB.sh(host, f"nft '{WITNESS}'")
    LAB.scan("operator", "udp", address)

    def all_seen() -> bool:
        told = json.loads(LAB.sh(host, "nft -j list set inet witness seen"))
        seen = set(next(item["set"] for item in told["nftables"] if "set" in item).get("elem", []))
        assert not seen - expected, address
        if seen != expected:
            LAB.scan("operator", "udp", address, *asked)  # on a busy WAN some got lost
        return seen == expected

    wait_until(all_seen, 30, f"{expected} at {address}")
    LAB.sh(host, "nft delete table inet witness")


def tcp_scans(expected: Mapping[str, set[int]]) -> None:
    """Scan addresses. A busy WAN loses packets, and so a scan finds too little; never too much."""

    def all_found(address: str) -> bool:
        found = LAB.scan("operator", "tcp", address)
        assert not found - expected[address], address
        return found == expected[address]

    def scanned(address: str) -> None:
        wait_until(lambda: all_found(address), 60, f"{sorted(expected[address])} at {address}")

    with ThreadPoolExecutor() as pool:
        list(pool.map(scanned, expected))


def ports(protocol: str, services: Mapping[str, Mapping[str, object]], address: str) -> set[int]:
    """Return the ports that are declared at an address."""
    found = [s["port"] for n, s in services.items() if s.get("protocol", "tcp") == protocol and address in ADDRESSES[n]]
    return {port for port in found if isinstance(port, int)}


def test_a_scan_of_an_ipv6_address_finds_the_declared_ports_and_nothing_else() -> None:
    shut = {8003, 8005}
    tcp_scans({address: {SSH_PORT, *ports("tcp", BY_SIX, address)} - shut for address in (DUAL6, SIX6)})
    # What is readdressed is seen at the port of its program.
    udp_scan("dual", DUAL6, {WIREGUARD, *ports("udp", BY_SIX, DUAL6)}, {WIREGUARD, 5454, 5455})
    assert programs.nobody(LAB, "udp", DUAL6, 5455), "the port of the program itself is shut"


def test_an_entry_behind_a_router_is_reached_at_the_routers_address() -> None:
    """The gateway of the site is the entry. Its router does so with IPv4; by IPv6 it is reached itself."""
    doors = [service for service in BEHIND_ROUTERS if service.startswith("door")]
    inner = ["inner", WG0["gate"]]
    told4 = {
        "door": inner,
        "door-told": ["inner", OPERATOR],
        "door-moved": ["gate", OPERATOR],
        "door-few": inner,
        "door-itself": ["gate", OPERATOR],
        "door-echo": inner,
        "door-kept": ["gate", OPERATOR],
    }
    told6 = {
        "door": inner,
        "door-told": ["inner", OPERATOR6],
        "door-moved": ["gate", OPERATOR6],
        "door-few": [],
        "door-itself": ["gate", OPERATOR6],
        "door-echo": [],
        "door-kept": ["gate", OPERATOR6],
    }
    assert list(told4) == list(told6) == doors
    by_address = ((PORTED, told4), (GATE6, told6))
    expect({(service, address): answer for address, told in by_address for service, answer in told.items()})
    assert closed(("door-few", PORTED), places=("dual",)), "not of its range, and it comes not by wg0"


def test_a_single_host_behind_a_router_is_reached_at_the_routers_address() -> None:
    """By IPv6 it counts as public."""
    single = ["single", WG0["single"]]
    expect({("one", SINGLE): single, ("one", SINGLE6): single, ("one-echo", SINGLE): ["single", OPERATOR]})
    expect({("one-kept", SINGLE): ["single", OPERATOR], ("one-kept", SINGLE6): ["single", OPERATOR6]})
    expect({("one", SINGLE): single}, "dual")
    expect({("portal", SINGLE6): ["inner", WG0["single"]]})


ASKED = re.compile(r"(TCP|UDP) (\d+) at ([\d.]+) from .+, to (\S+), (TCP|UDP) (\d+) at (\S+)")


def test_network_groups_are_asked_for_just_the_forwards_that_the_routers_have(
    told: dict[str, dict[str, list[str]]],
) -> None:
    """The lab's routers forward what services need, SSH and WireGuard, and nothing else."""
    asked = set()
    for line in (line for name in BEHIND_ROUTERS for line in told[name]["firewall"] if " at 203." in line):
        found = ASKED.fullmatch(line)
        assert found, line
        protocol, port, router, host, inside, to, lan = found.groups()
        assert protocol == inside
        asked.add((protocol.lower(), int(port), router, host, lan, int(to)))
    made = set()
    for site in load(FILE).sites:
        for forward in site.nat.forwards if site.nat else ():
            (lan,) = (str(host.address) for host in site.hosts if host.name == forward.host)
            if forward.to not in (SSH_PORT, WIREGUARD):
                assert site.nat
                made.add((forward.protocol, forward.port, str(site.nat.address), forward.host, lan, forward.to))
    assert asked == made
    assert f"TCP 443 at {GATE6} from any address, to gate.lab.test, TCP 443" in told["door"]["firewall"]
    assert f"TCP 8006 at {SINGLE6} from any address, to single.lab.test" in told["one"]["firewall"]
    readme = LAB.pulumi("stack", "output", "readme", "--stack", LAB.stack)
    sheets = {sheet.split()[0]: " ".join(sheet.split()) for sheet in readme.split("\n### ")[1:]}
    for name in BEHIND_ROUTERS:
        for line in told[name]["firewall"]:
            place, host = line.split(", to ")
            row = f"| {place.replace(' from ', ' | ')} | {host} |"
            assert row in sheets["single" if name.startswith("one") else "ported"]


EXPOSED = """
table ip exposed {{
  chain in {{ type nat hook prerouting priority dstnat + 1; iifname "wan0" ip daddr {router} dnat to {lan}; }}
}}
"""


def test_nothing_else_is_open_behind_a_router_that_forwards_every_port() -> None:
    """Some routers have an `exposed host`, and any may have forwards that are forgotten."""
    routers = {"ported": (PORTED, "10.5.0.11", {2211, 2212}), "single": (SINGLE, "10.6.0.11", {2213})}
    expected = {}
    for site, (router, lan, of_ssh) in routers.items():
        LAB.lab("exec", f"router:{site}", "--", "nft", EXPOSED.format(router=router, lan=lan))
        expected[router] = {SSH_PORT, *of_ssh, *ports("tcp", BEHIND_ROUTERS, router)}
    tcp_scans(expected)
    with ThreadPoolExecutor() as pool:
        gate = pool.submit(udp_scan, "gate", PORTED, {WIREGUARD, 5454}, {WIREGUARD, 5454})
        single = pool.submit(udp_scan, "single", SINGLE, {WIREGUARD, 5353, 5354}, {WIREGUARD, 5454, 5455})
        gate.result()
        single.result()
    for site in routers:
        LAB.lab("exec", f"router:{site}", "--", "nft", "delete table ip exposed")


def test_a_removed_service_is_closed_at_once_for_who_came_by_ipv6() -> None:
    kept = programs.Kept(LAB, DUAL6, 443, 8001)
    assert kept.before == [f"inner {WG0['dual']}", f"inner {OPERATOR6}"]
    removed = ("portal", "echo-moved", "door", "one", "one-echo")
    up({name: service for name, service in SERVICES.items() if name not in removed})
    assert kept.again() == ["closed", kept.before[1]]
    assert closed(*((name, address) for name in removed for address in ADDRESSES[name]))
