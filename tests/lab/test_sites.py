"""Five sites as the field has them, in one lab with one stack: what is declared and told is what packets do.

The tests run in the file's order on one lab, `lab/topologies/sites.yaml`; the program is tests/lab/mesh. What is proved
in depth for one form of sites or one feature stands in the other modules.
"""

import hashlib
import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, permutations
from xml.etree import ElementTree

import pytest

from tests.lab.gateways import BACK, SWITCHED
from tests.lab.mesh_lab import MeshLab, with_real_keys
from tests.lab.place import wait_for, wait_until
from tests.support.examples import TREE, changed, three_sites

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

SITES = {
    "closed": ("closed1", "closed2"),
    "oneport": ("gate", "inner1", "inner2"),
    "open": ("open1", "open2"),
    "ports": ("port1", "port2"),
    "six": ("six1",),
}
SITE = {host: site for site, hosts in SITES.items() for host in hosts}
WG0 = {
    "open1": "192.168.5.1",
    "open2": "192.168.5.2",
    "port1": "192.168.5.3",
    "port2": "192.168.5.4",
    "gate": "192.168.5.5",
    "inner1": "192.168.5.6",
    "inner2": "192.168.5.7",
    "closed1": "192.168.5.8",
    "closed2": "192.168.5.9",
    "six1": "192.168.5.10",
}
NAMES = {address: host for host, address in WG0.items()}
NAME, BEHIND_NAME = "port2.sites.test", "203.0.113.7"
LAPTOP = "192.168.5.200"
SERVICE = 7000
"""TCP, on all hosts and all their addresses: nothing that is declared, so for wg0 only."""
MEGABYTES = 10
NARROW, WIDE = 1328, 1420
"""What wg0 carries over a path of 1400 bytes, and of 1500."""

SHEET = {
    "closed": set(),
    "oneport": {("203.0.113.8", 4500)},
    "open": {("192.0.2.11", 51820), ("192.0.2.12", 51820), ("2001:db8:1::11", 51820), ("2001:db8:1::12", 51820)},
    "ports": {("203.0.113.7", 4501), (NAME, 4502)},
    "six": {("2001:db8:6::11", 51820)},
}
"""The UDP ports that are declared, so what network groups are to be asked for."""
UDP = {
    "open1": {("192.0.2.11", 51820), ("2001:db8:1::11", 51820)},
    "open2": {("192.0.2.12", 51820), ("2001:db8:1::12", 51820)},
    "port1": {("203.0.113.7", 4501)},
    "port2": {("203.0.113.7", 4502)},
    "gate": {("203.0.113.8", 4500)},
    "six1": {("2001:db8:6::11", 51820)},
}
"""To which host each of them leads."""
SSH = {
    "192.0.2.11": {22},
    "192.0.2.12": {22},
    "2001:db8:1::11": {22},
    "2001:db8:1::12": {22},
    "2001:db8:6::11": {22},
    "203.0.113.7": {2211, 2212},
    "203.0.113.8": {2211, 2212, 2213},
    "203.0.113.9": {2211},
}
"""Every address that the WAN knows of these sites, with the TCP ports by which the operator logs in."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    with MeshLab(TREE / "lab/topologies/sites.yaml").standing(tmp_path_factory.mktemp("stack") / "mesh") as made:
        made.everywhere(WG0, f"echo {BEHIND_NAME} {NAME} >>/etc/hosts; "
                        f"systemd-run -q --unit=service --collect /usr/bin/python3 -m http.server --bind :: {SERVICE}")  # fmt: skip
        made.write(declared(), "open1.lab.test")
        yield made


def declared() -> dict[str, object]:
    """The sites with the hosts' real keys, which stand in the lab's known_hosts; the API is for wg0 only."""
    return changed("kubernetes/apiAddress", None, with_real_keys(three_sites("five_sites")))


@dataclass(frozen=True)
class Way:
    """How a pair of nodes talks."""

    kind: str
    through: str = ""


Ways = dict[frozenset[str], Way]


def told_counts(text: str) -> dict[frozenset[str], Counter[str]]:
    """Return how many pairs of nodes of two sites are said to talk in which way."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    first = lines.index(["", *SITES])
    rows = lines[first + 2 : first + 2 + len(SITES)]
    assert [here for here, *_ in rows] == list(SITES)
    counts = {}
    for here, *cells in rows:
        for there, cell in zip(SITES, cells, strict=True):
            counts[frozenset((here, there))] = Counter(
                {kind: int(count) for count, kind in re.findall(r"(\d+) (\w+)", cell)}
            )
    return counts


def told_relays(text: str) -> dict[frozenset[str], str]:
    """Return which gateway each pair without a tunnel is said to go through."""

    def hosts(cell: str) -> tuple[str, ...]:
        names, _, site = cell.rpartition(" (") if "(" in cell else ("", "", cell.rpartition(" of ")[2])
        return tuple(name.partition(".")[0] for name in names.split(", ")) if names else SITES[site]

    rows = re.findall(r"^ *\| (.+?) +\| (\w+)\.lab\.test +\| (.+?) +\| (\d+) +\| *$", text, re.MULTILINE)
    found: dict[frozenset[str], str] = {}
    for here, gateway, there, count in rows:
        pairs = [frozenset((one, other)) for one in hosts(here) for other in hosts(there)]
        assert len(pairs) == int(count)
        found |= dict.fromkeys(pairs, gateway)
    return found


# A ping asks every host on its way there and back to write down its address (RFC 791, record route). All at once: an
# attempt is repeated until it is answered, as handshakes that collide come again after five seconds.
ROUTES = r"""
read -r now _ </proc/uptime
end=$((${{now%.*}} + {patience}))
look() {{
    until told=$(ping -n -R -c1 -W2 "$1"); do
        read -r now _ </proc/uptime
        [ "${{now%.*}}" -lt "$end" ] || return 0
        sleep 0.2
    done
    echo "$1" $(echo "$told" | awk '/^$/ {{ on = 0 }} sub("RR:", "") {{ on = 1 }} on {{ print $1 }}')
}}
for address in {addresses}; do look "$address" & done
wait
"""


def seen_routes(place: MeshLab, hosts: list[str], patience: int) -> dict[tuple[str, str], str]:
    """Return for each pair that answers, both ways, through which hosts a packet goes (none: an empty text).

    A way back that is another, as there may be while gateways change, is in the text, too.
    """

    def look(host: str) -> list[list[str]]:
        others = " ".join(WG0[other] for other in hosts if other != host)
        printed = place.sh(host, ROUTES.format(addresses=others, patience=patience))
        return [[NAMES[address] for address in line.split()] for line in printed.splitlines()]

    found = {}
    with ThreadPoolExecutor(4) as pool:
        for host, lines in zip(hosts, pool.map(look, hosts), strict=True):
            for end, *route in lines:
                there, back = route[: len(route) // 2], route[len(route) // 2 :]
                assert (there[0], there[-1]) == (host, end)
                found[host, end] = ", ".join(there[1:-1])
                if back != there[::-1]:
                    found[host, end] += f", and back by {back}"
    return found


def endpoints(place: MeshLab) -> dict[str, dict[str, str]]:
    """Return where each host sends what is for its peers, by their names."""
    keys = {key: host for host, key in place.everywhere(WG0, "wg show wg0 public-key").items()}
    shown = place.everywhere(WG0, "wg show wg0 endpoints")
    # The laptop is a peer, too.
    return {
        host: {keys[key]: endpoint for key, endpoint in map(str.split, lines.splitlines()) if key in keys}
        for host, lines in shown.items()
    }


def seen_ways(place: MeshLab) -> Ways:
    """Return how all nodes talk, by what packets do."""
    routes = seen_routes(place, list(WG0), 300)
    assert set(routes) == set(permutations(WG0, 2)), "every pair, both ways"
    peers = endpoints(place)
    ways: Ways = {}
    for one, other in combinations(WG0, 2):
        assert routes[one, other] == routes[other, one]
        assert (other in peers[one]) == (one in peers[other]) == (not routes[one, other])
        if routes[one, other]:
            ways[frozenset((one, other))] = Way("relay", routes[one, other])
        else:
            lan = {peers[one][other].startswith("10."), peers[other][one].startswith("10.")}
            assert len(lan) == 1
            ways[frozenset((one, other))] = Way("lan" if lan == {True} else "direct")
    return ways


def counted(ways: Ways) -> dict[frozenset[str], Counter[str]]:
    counts = {frozenset(pair): Counter[str]() for pair in [*combinations(SITES, 2), *((site, site) for site in SITES)]}
    for pair, way in ways.items():
        counts[frozenset(SITE[host] for host in pair)][way.kind] += 1
    return counts


def output(place: MeshLab, name: str, *words: str) -> str:
    return place.pulumi("stack", "output", name, *words, "--stack", place.stack)


@pytest.fixture(scope="module")
def announced(place: MeshLab) -> str:
    """What the preview says, before any host was touched."""
    return place.pulumi("preview", "--stack", place.stack)


def test_every_pair_talks_both_ways_as_the_preview_said(place: MeshLab, announced: str) -> None:
    place.sh("open1", "test ! -e /sys/class/net/wg0")
    printed = place.up()
    assert "not all paths could be measured" not in printed, printed
    ways = seen_ways(place)
    readme = output(place, "readme")
    for text in (announced, readme):
        assert told_counts(text) == counted(ways)
        assert told_relays(text) == {pair: way.through for pair, way in ways.items() if way.kind == "relay"}
    kinds = Counter(way.kind for way in ways.values())
    assert kinds == {"direct": 29, "relay": 11, "lan": 5}


def test_each_tunnel_goes_to_the_port_or_the_address_that_was_given_for_it(place: MeshLab) -> None:
    """As who cannot be spoken to sees it: it has spoken first, and where to is not changed by an answer."""
    peers = endpoints(place)
    outside = {
        "open1": "192.0.2.11:51820",
        "open2": "192.0.2.12:51820",
        "port1": "203.0.113.7:4501",
        "port2": "203.0.113.7:4502",
    }
    lan = {"gate": "10.2.0.11:51820", "inner1": "10.2.0.12:51820", "inner2": "10.2.0.13:51820"}
    assert peers["inner1"] == {**outside, "gate": lan["gate"], "inner2": lan["inner2"]}
    assert peers["closed1"] == {**outside, "gate": "203.0.113.8:4500", "closed2": "10.3.0.12:51820"}
    assert peers["port1"]["port2"] == "10.1.0.12:51820"
    assert peers["six1"] == {"open1": "[2001:db8:1::11]:51820", "open2": "[2001:db8:1::12]:51820"}


WITNESS = """
table inet witness
delete table inet witness
table inet witness {
  set sent_tcp4 { type inet_service; size 65536; flags dynamic; }
  set sent_udp4 { type inet_service; size 65536; flags dynamic; }
  set sent_tcp6 { type inet_service; size 65536; flags dynamic; }
  set sent_udp6 { type inet_service; size 65536; flags dynamic; }
  set seen_4 { type inet_service . inet_service; size 65536; flags dynamic; }
  set seen_6 { type inet_service . inet_service; size 65536; flags dynamic; }
  chain sent {
    type filter hook prerouting priority filter - 100; policy accept;
    ip saddr 203.0.113.200 tcp flags syn add @sent_tcp4 { tcp dport }
    ip saddr 203.0.113.200 udp dport != 0 add @sent_udp4 { udp dport }
    ip6 saddr 2001:db8:ffff::200 tcp flags syn add @sent_tcp6 { tcp dport }
    ip6 saddr 2001:db8:ffff::200 udp dport != 0 add @sent_udp6 { udp dport }
  }
  chain input {
    type filter hook input priority filter + 100; policy accept;
    ip saddr 203.0.113.200 udp dport != 0 add @seen_4 { udp sport . udp dport }
    ip6 saddr 2001:db8:ffff::200 udp dport != 0 add @seen_6 { udp sport . udp dport }
  }
}
"""
"""What of a scan gets past the firewall, which comes before it: the port that was sent to, and that which it led to.

Counted in `sent` is what comes to the host at all, by kind and version.
"""


def missing(place: MeshLab, host: str, kind: str, address: str) -> list[int]:
    """Return the ports of a scan that have not come to the host, which is reached without NAT."""
    version = "6" if ":" in address else "4"
    held = json.loads(place.sh(host, f"nft -j list set inet witness sent_{kind}{version}"))["nftables"]
    came = next(item["set"] for item in held if "set" in item).get("elem", [])
    return sorted(set(range(1, 65536)) - set(came))


def scan_until_whole(place: MeshLab, host: str, kind: str, address: str) -> set[int]:
    """Scan an address until each port's packet has come to its host, however many a busy WAN loses."""
    answered = place.scan("operator", kind, address)

    def whole() -> bool:
        if ports := missing(place, host, kind, address):
            answered.update(place.scan("operator", kind, address, *ports))
        return not ports

    wait_until(whole, 240, f"the packets of a {kind} scan of {address} come to {host}")
    return answered


def arrived(place: MeshLab) -> dict[str, dict[str, set[tuple[int, int]]]]:
    """Return what came to each host by IPv4 and by IPv6."""

    def of(told: str) -> dict[str, set[tuple[int, int]]]:
        sets = {item["set"]["name"]: item["set"] for item in json.loads(told)["nftables"] if "set" in item}
        return {
            version: {tuple(pair["concat"]) for pair in sets[f"seen_{version}"].get("elem", [])} for version in "46"
        }

    return {host: of(told) for host, told in place.everywhere(WG0, "nft -j list table inet witness").items()}


def takes(place: MeshLab, client: str, address: str) -> None:
    """Await that the service is found by a scan."""
    wait_until(lambda: place.scan(client, "tcp", address, SERVICE) == {SERVICE}, 20, f"{address} serves {client}")


def test_a_scan_from_the_wan_finds_the_declared_ports_and_nothing_else(place: MeshLab) -> None:
    for address in WG0.values():  # what is there to be found, over wg0
        takes(place, "six1" if address != WG0["six1"] else "open1", address)
    place.everywhere(WG0, f"nft '{WITNESS}'")
    # What routers forward is scanned once. Hosts that are reached without NAT see whether a scan was whole.
    owners = {address: host for host in ("open1", "open2", "six1") for address, _ in UDP[host]}

    def scanned(kind: str, address: str) -> set[int]:
        if host := owners.get(address):
            return scan_until_whole(place, host, kind, address)
        return place.scan("operator", kind, address)

    jobs = [(kind, address) for kind in ("tcp", "udp") for address in SSH]
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(jobs, pool.map(lambda job: scanned(*job), jobs), strict=True))
    for address, ports in SSH.items():
        assert found["tcp", address] <= ports, address
    expected = {
        host: {
            version: {(port, 51820) for address, port in UDP.get(host, ()) if (":" in address) == (version == "6")}
            for version in "46"
        }
        for host in WG0
    }
    came = arrived(place)
    for host, versions in expected.items():
        assert all(came[host][version] <= ports for version, ports in versions.items()), (host, came[host])

    # And what is declared is open. A busy WAN may have lost some packets, so once more.
    def all_open() -> bool:
        for address, port in set[tuple[str, int]]().union(*UDP.values()):
            place.scan("operator", "udp", address, port)
        return arrived(place) == expected

    wait_until(all_open, 120, "a datagram arrives at each declared port")
    for address, ports in SSH.items():
        wait_until(lambda: place.scan("operator", "tcp", address, *ports) == ports, 60, f"SSH at {address}")  # noqa: B023
        if ":" not in address:  # the laptop has no IPv6
            assert not place.scan("laptop", "tcp", address, *ports), "SSH is for the operator only"
    place.everywhere(WG0, "nft delete table inet witness")


SERVER = """
import hashlib, socket
server = socket.create_server(("0.0.0.0", 5001))
connection, _ = server.accept()
total = hashlib.sha256()
while data := connection.recv(1 << 20):
    total.update(data)
connection.sendall(total.hexdigest().encode())
"""
CLIENT = """
import hashlib, os, socket, sys
data = os.urandom({bytes})
connection = socket.create_connection((sys.argv[1], 5001), 300)
connection.sendall(data)
connection.shutdown(1)
print(hashlib.sha256(data).hexdigest(), connection.recv(99).decode(), connection.getsockopt(6, 2))
"""


def transfer(place: MeshLab, sender: str, receiver: str) -> int:
    """Send MEGABYTES of anything by TCP over wg0; return the bytes of a segment."""
    place.sh(receiver, f"systemd-run -q --unit=served --collect /usr/bin/python3 -c '{SERVER}'")
    wait_until(lambda: ":5001" in place.sh(receiver, "ss -ltn"), 20, "the server listens")
    script = CLIENT.format(bytes=MEGABYTES << 20)
    sent, received, segment = place.sh(sender, f"/usr/bin/python3 -c '{script}' {WG0[receiver]}").split()
    assert received == sent
    assert len(sent) == len(hashlib.sha256().hexdigest())
    wait_until(lambda: ":5001" not in place.sh(receiver, "ss -ltn"), 20, "the server ends")
    return int(segment)


def test_ten_megabytes_cross_the_path_of_1400_bytes_from_behind_the_gateway_too(place: MeshLab) -> None:
    headers = 40 + 12  # IP, TCP, its timestamps
    assert transfer(place, "closed2", "gate") == NARROW - headers
    assert transfer(place, "inner1", "closed1") == NARROW - headers
    assert transfer(place, "inner1", "six1") == WIDE - headers, "another path has all"


def test_the_roaming_client_reaches_every_node_and_they_reach_it(place: MeshLab) -> None:
    place.sh("laptop", "apt-get update -q; apt-get install -q -y wireguard-tools; umask 077; mkdir -p /etc/wireguard")
    configuration = json.loads(output(place, "clients", "--show-secrets", "--json"))["ada-laptop"]
    write = place.words("exec", "laptop", "--", "sh", "-euc", "umask 077; cat >/etc/wireguard/ada.conf")
    subprocess.run(write, cwd=TREE, input=configuration, text=True, check=True)
    place.sh("laptop", "systemctl start wg-quick@ada")
    for host, address in WG0.items():
        wait_until(lambda: place.pings("laptop", address), 20, f"laptop -> {host}")  # noqa: B023 - at once
        place.reaches(host, LAPTOP)
    takes(place, "laptop", WG0["closed2"])


def test_the_sheets_name_these_ports_and_the_picture_shows_every_site(place: MeshLab) -> None:
    readme = output(place, "readme")
    _, *sheets = re.split(r"^### (\w+)$", readme.partition("## For the network groups")[2], flags=re.MULTILINE)
    rows = r"^\| UDP (\d+) at (\S+) +\|"
    named = {
        site: {(address, int(port)) for port, address in re.findall(rows, text, re.MULTILINE)}
        for site, text in zip(sheets[::2], sheets[1::2], strict=True)
    }
    assert named == SHEET
    assert "Inbound: nothing to open." in readme
    drawn = place.directory / ".stretched" / place.stack / "diagram.svg"
    words = " ".join(ElementTree.parse(drawn).getroot().itertext()).split()  # noqa: S314 - our own
    for name in (*SITES, *WG0):
        assert name in words, name


def test_the_links_between_all_sites_are_measured_as_they_are(place: MeshLab) -> None:
    links = {frozenset(link["between"]): link for link in json.loads(output(place, "links", "--json"))}
    assert set(links) == {frozenset(pair) for pair in combinations(SITES, 2)}
    narrow = frozenset(("closed", "oneport"))
    for sites, link in links.items():
        relayed = "six" in sites and "open" not in sites
        assert link["kind"] == ("relay" if relayed else "direct"), link
        assert link["latencyMs"] >= (20 if sites == narrow else 8 if relayed else 4), link
        assert link["mtu"] == (NARROW if sites == narrow else WIDE), link
        assert min(link["throughputMbps"], link["throughputBackMbps"]) > 0, link


def test_the_death_of_the_one_ports_gateway_is_survived_by_every_pair(place: MeshLab) -> None:
    """Another site's gateway takes over: the site has no other port."""
    dead, instead = "gate", "open1"
    whole = seen_routes(place, list(WG0), 300)
    left = [host for host in WG0 if host != dead]
    then = {pair: instead if through == dead else through for pair, through in whole.items() if dead not in pair}
    moved = sum(through == dead for through in whole.values()) // 2
    told = rf"^\| {dead}\S+ +\| {moved} through {instead}\S+ +\| none "
    assert moved
    assert re.search(told, output(place, "readme"), re.MULTILINE)
    cable = ["ip", "-n", place.layout.router_netns(SITE[dead]), "link", "set", f"h-{dead}"]
    subprocess.run([*cable, "down"], check=True)
    began = time.monotonic()
    try:
        wait_for(lambda: seen_routes(place, left, 5), then, SWITCHED, "all pairs go around the dead gateway")
        seconds = time.monotonic() - began
    finally:
        subprocess.run([*cable, "up"], check=True)
    began = time.monotonic()
    wait_for(lambda: seen_routes(place, list(WG0), 5), whole, BACK, "all pairs go as before")
    print(f"all pairs answer after {seconds:.0f} s, as before {time.monotonic() - began:.0f} s after the return")


def test_nothing_is_left_of_it_on_any_host(place: MeshLab) -> None:
    place.destroy()
    gone = "/etc/wireguard /etc/stretched /run/stretched /sys/class/net/wg0 /var/lib/stretched"
    left = place.everywhere(
        WG0,
        f"for it in {gone}; do test ! -e $it; done; nft list tables; ls /etc/systemd/system /etc/systemd/system/*.wants; "
        "ls -A /root /home; cat /root/.ssh/authorized_keys; ip -4 route",
    )
    assert not [host for host, found in left.items() if "stretched" in found or "192.168.5." in found]
