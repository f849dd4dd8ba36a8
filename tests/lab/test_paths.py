"""Paths that carry less than Ethernet's 1500 bytes, on real hosts: measured, fitted, and wide again. The mesh alone.

The tests run in the file's order on one lab, `lab/topologies/paths.yaml`. hub is public and its gateway carries what
the others send to each other. Between hub and thin packets of more than 1400 bytes are lost without a word, between
hub and dsl the routers cut them or tell; far has the usual 1500.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator

import pytest
import yaml

from components.model.cluster.etcd_timers import ELECTION, HEARTBEAT, Timers
from tests.lab.mesh_lab import MeshLab, with_real_keys
from tests.lab.place import wait_until
from tests.support.examples import TREE, changed, paths_sites

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the lab makes namespaces and cgroups"),
]

FILE = TREE / "lab/topologies/paths.yaml"
HUB, FAR, THIN, DSL = (f"192.168.9.{last}" for last in (1, 3, 4, 5))
HOSTS = {"hub1": HUB, "far1": FAR, "thin1": THIN, "dsl1": DSL}
WIDE = 1420
NARROW = 1328
"""What fits into 1400 bytes: 60 are WireGuard's, UDP's and IP's, and WireGuard fills up to multiples of 16."""
MEGABYTES = 10
DELAYS = {
    ("dsl", "far"): 110,
    ("dsl", "hub"): 30,
    ("dsl", "thin"): 50,
    ("far", "hub"): 80,
    ("far", "thin"): 100,
    ("hub", "thin"): 20,
}
"""Milliseconds there and back, by the topology file; those of two closed sites by the gateway."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    directory = tmp_path_factory.mktemp("paths")
    file = directory / "paths.yaml"  # a copy: a test widens the paths
    file.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")
    with MeshLab(file).standing(directory / "mesh") as made:
        made.write(declared(), "hub1.lab.test")
        yield made


def declared(measurement: str = "") -> dict[str, object]:
    config = with_real_keys(paths_sites())
    return changed("mesh/measurement", measurement, config) if measurement else config


GONE = "test ! -e /etc/systemd/system/stretched-mtu.service && test ! -e /etc/stretched/mtu.routes"


def routes(place: MeshLab, *hosts: str) -> dict[str, dict[str, int]]:
    """The MTUs of our routes on hosts, by address."""
    shown = place.everywhere(hosts, "ip -4 route show dev wg0 proto 83")
    lines = {host: [line.split() for line in text.splitlines()] for host, text in shown.items()}
    return {host: {words[0]: int(words[words.index("mtu") + 1]) for words in found} for host, found in lines.items()}


SERVER = """
import socket
server = socket.create_server(("0.0.0.0", 5001))
connection, _ = server.accept()
total = 0
while data := connection.recv(1 << 20):
    total += len(data)
connection.sendall(str(total).encode())
"""
CLIENT = """
import socket
connection = socket.create_connection(("{address}", 5001), {patience})
for _ in range({megabytes}):
    connection.sendall(bytes(1 << 20))
connection.shutdown(1)
print(connection.recv(99).decode(), connection.getsockopt(6, 2))
"""


def transfer(place: MeshLab, sender: str, receiver: str, address: str, *, inside: str = "", patience: int = 400) -> int:
    """Send MEGABYTES by TCP, from inside something where that is given; return the bytes of a segment."""
    with served(place, receiver, inside):
        script = CLIENT.format(address=address, patience=patience, megabytes=MEGABYTES)
        total, segment = place.sh(sender, f"timeout {patience} {inside} python3 -c '{script}'").split()
    assert int(total) == MEGABYTES << 20
    return int(segment)


@contextlib.contextmanager
def served(place: MeshLab, host: str, inside: str) -> Iterator[None]:
    place.sh(host, f"systemd-run -q --unit=served --collect {inside} python3 -c '{SERVER}'")
    try:
        wait_until(lambda: ":5001" in place.sh(host, f"{inside} ss -ltn"), 20, "the server listens")
        yield
    finally:
        place.sh(host, "systemctl stop served", check=False)


def links(place: MeshLab) -> dict[tuple[str, str], dict[str, object]]:
    shown = json.loads(place.pulumi("stack", "output", "links", "--json", "--stack", "paths"))
    return {tuple(link["between"]): link for link in shown}


def test_narrow_paths_are_fitted_and_the_others_keep_the_meshs_mtu(place: MeshLab) -> None:
    printed = place.up()
    assert "not all paths could be measured" not in printed, printed
    assert f"path to thin1.lab.test ({THIN}): MTU 1328 instead of 1420, bigger packets are lost" in printed
    assert f"path to dsl1.lab.test ({DSL}): MTU 1328 instead of 1420, bigger packets are cut on the way" in printed
    assert f"path to hub1.lab.test ({HUB}), and the 2 nodes beyond it: MTU 1328 instead of 1420" in printed
    assert "paths: packets of 1420 bytes reach every peer whole" in printed, "far1's"
    assert routes(place, *HOSTS) == {
        "hub1": {THIN: NARROW, DSL: NARROW},
        "far1": {},
        "thin1": {HUB: NARROW, FAR: NARROW, DSL: NARROW},
        "dsl1": {HUB: NARROW, FAR: NARROW, THIN: NARROW},
    }
    assert set(place.everywhere(HOSTS, "cat /sys/class/net/wg0/mtu").values()) == {str(WIDE)}
    place.sh("far1", "test ! -e /etc/stretched && test ! -e /etc/systemd/system/stretched-mtu.service")


def test_latency_and_mtu_are_measured_as_they_are_and_something_goes_through(place: MeshLab) -> None:
    found = links(place)
    print(place.pulumi("stack", "output", "readme", "--stack", "paths"))
    assert set(found) == set(DELAYS)
    for sites, link in found.items():
        # Nothing is faster than the WAN, and a busy machine adds something.
        assert DELAYS[sites] <= float(str(link["latencyMs"])) < 2 * DELAYS[sites] + 100, link
        assert link["mtu"] == (WIDE if sites == ("far", "hub") else NARROW), link
        assert link["kind"] == ("direct" if "hub" in sites else "relay"), link
        assert min(float(str(link[name])) for name in ("throughputMbps", "throughputBackMbps")) > 0, link
    readme = place.pulumi("stack", "output", "readme", "--stack", "paths")
    measured = re.escape(f"{found['far', 'hub']['latencyMs']:.1f}")
    assert re.search(rf"\| far +\| hub +\| direct \| {measured} +\| 1420 \| +[\d.]+ +\| [\d.]+ +\|", readme), readme
    assert "`mesh.mtu: 1328`" in readme


def test_ten_megabytes_cross_a_path_of_1400_bytes_and_two_of_them_through_the_gateway(place: MeshLab) -> None:
    options = 12  # timestamps
    assert transfer(place, "hub1", "thin1", THIN) == NARROW - 40 - options
    assert transfer(place, "dsl1", "hub1", HUB) == NARROW - 40 - options
    assert transfer(place, "thin1", "dsl1", DSL) == NARROW - 40 - options
    assert transfer(place, "far1", "hub1", HUB) == WIDE - 40 - options


def test_the_gateway_fits_the_segments_of_who_does_not_know_the_narrow_part_of_the_path(place: MeshLab) -> None:
    place.sh("thin1", "ip route flush dev wg0 proto 83")  # else it would tell far1 itself
    try:
        assert transfer(place, "far1", "thin1", THIN) == NARROW - 40 - 12
    finally:
        place.sh("thin1", "systemctl restart stretched-mtu")
    assert routes(place, "thin1")["thin1"][FAR] == NARROW


def test_what_is_not_tcp_is_told_the_mtu_by_the_gateway(place: MeshLab) -> None:
    def pinged(size: int) -> str:
        return place.sh("far1", f"ping -c3 -W2 -M do -s {size - 28} {THIN} || true")

    wait_until(lambda: f"mtu={NARROW}" in pinged(WIDE).replace(" ", ""), 20, "far1 learns the MTU")
    wait_until(lambda: "3 received" in pinged(NARROW), 20, "what fits arrives")


POD = """
ip link add vx0 type vxlan id 7 local {local} remote {remote} dev wg0 dstport 4789
ip address add 10.99.0.{own}/24 dev vx0
ip link set vx0 mtu 1370 up
ip netns add pod
ip link add p0 type veth peer name eth0 netns pod
ip address add 10.98.{own}.1/24 dev p0
ip link set p0 mtu 1370 up
ip -n pod address add 10.98.{own}.2/24 dev eth0
ip -n pod link set eth0 mtu 1370 up
ip -n pod route add default via 10.98.{own}.1
echo 1 >/proc/sys/net/ipv4/ip_forward
ip route add 10.98.{other}.0/24 via 10.99.0.{other} dev vx0
"""


@pytest.fixture
def pods(place: MeshLab) -> Iterator[str]:
    """A network namespace on thin1 and on dsl1 that reach each other by VXLAN over wg0, as pods do; the latter's address."""
    for host, local, remote, own, other in (("thin1", THIN, DSL, 1, 2), ("dsl1", DSL, THIN, 2, 1)):
        place.sh(host, POD.format(local=local, remote=remote, own=own, other=other))
    yield "10.98.2.2"
    for host in ("thin1", "dsl1"):
        place.sh(host, "ip netns delete pod; ip link delete vx0; echo 0 >/proc/sys/net/ipv4/ip_forward")


def test_pods_packets_cross_narrow_paths_in_pieces(place: MeshLab, pods: str) -> None:
    assert transfer(place, "thin1", "dsl1", pods, inside="ip netns exec pod") == 1370 - 40 - 12
    for host in ("thin1", "dsl1", "hub1"):
        place.sh(host, "ip route flush dev wg0 proto 83; ip route flush cache")
    try:
        with pytest.raises(AssertionError, match=r"TimeoutError|timed out|exec thin1"):
            transfer(place, "thin1", "dsl1", pods, inside="ip netns exec pod", patience=6)
    finally:
        for host in ("thin1", "dsl1", "hub1"):
            place.sh(host, "systemctl restart stretched-mtu")


def test_a_second_run_measures_nothing_and_changes_nothing(place: MeshLab) -> None:
    printed = place.up()
    assert re.search(r"Resources:\n +\d+ unchanged", printed)
    assert "Measured" not in printed


SHORT = {HEARTBEAT: "60", ELECTION: "600"}


def advised(place: MeshLab) -> str:
    """What a preview says of SHORT: timers for the longest round trip between members of etcd, as it was measured."""
    suit = Timers(60, 600).widened(float(str(links(place)["far", "thin"]["latencyMs"])))
    return f'Write `{HEARTBEAT}: "{suit.heartbeat}"` and `{ELECTION}: "{suit.election}"` below kubernetes.variables'


def test_etcds_timers_are_judged_by_what_was_measured_before_anything_is_deployed(place: MeshLab) -> None:
    place.write(changed("kubernetes/variables", SHORT, declared()), "hub1.lab.test")
    measured = float(str(links(place)["far", "thin"]["latencyMs"]))
    told = place.pulumi("preview", "--stack", "paths")
    assert f"a round trip between far and thin takes {measured:.0f} ms" in told
    assert advised(place) in told


def test_the_routes_are_there_again_after_a_restart(place: MeshLab) -> None:
    run = place.layout.host("thin1") / "run.json"
    boots = json.loads(run.read_text(encoding="utf-8"))["boots"]
    place.lab("exec", "thin1", "--", "systemctl", "reboot", check=False)  # may be ended by the reboot itself
    wait_until(lambda: bool(json.loads(run.read_text(encoding="utf-8"))["boots"] > boots), 120, "boot")
    reached = ("exec", "hub1", "--", "ping", "-q", "-c1", "-W2", THIN)
    wait_until(lambda: place.lab(*reached, check=False).returncode == 0, 90, "thin1 answers over wg0 again")
    assert routes(place, "thin1")["thin1"] == {HUB: NARROW, FAR: NARROW, DSL: NARROW}


def test_a_path_too_narrow_for_wg0_is_an_error_that_says_so(place: MeshLab) -> None:
    with paths_as(place, {"mtu": 1300, "too_big": "lost"}):
        told = place.sh("thin1", "sh /var/lib/stretched-uploads/node/current/fit.sh 2>&1 || echo failed")
    assert f"path to hub1.lab.test ({HUB}), and the 2 nodes beyond it: packets of 1280 bytes over wg0 are lost" in told
    assert told.endswith("failed")
    place.sh("thin1", "sh /var/lib/stretched-uploads/node/current/fit.sh")


@contextlib.contextmanager
def paths_as(place: MeshLab, values: dict[str, object]) -> Iterator[None]:
    """The two narrow paths get other values."""
    before = place.file.read_text(encoding="utf-8")
    topology = yaml.safe_load(before)
    for link in topology["wan"]["links"]:
        if "mtu" in link:
            del link["mtu"]
            link.pop("too_big", None)
            link.update(values)
    place.file.write_text(yaml.safe_dump(topology), encoding="utf-8")
    place.lab("up")
    try:
        yield
    finally:
        place.file.write_text(before, encoding="utf-8")
        place.lab("up")


def test_when_paths_are_wide_again_the_next_measurement_takes_the_routes_back(place: MeshLab) -> None:
    """And a site that cannot be measured is a warning: dsl1 does not let the deployer in meanwhile."""
    keys = "/root/.ssh/authorized_keys"
    place.sh("dsl1", f"cp -p {keys} /root/keys; grep -v stretched-deployer /root/keys >{keys}")
    try:
        with paths_as(place, {}):
            place.write(changed("kubernetes/variables", SHORT, declared("again")), "hub1.lab.test")
            printed = place.up()
            assert "mtu: all paths carry wg0's" in printed
            assert not [host for host, found in routes(place, *HOSTS).items() if found]
            place.everywhere(HOSTS, GONE)
    finally:
        place.sh("dsl1", f"mv /root/keys {keys}")
    assert "not all paths could be measured: dsl cannot measure: " in printed
    assert "Permission denied" in printed
    assert advised(place) in printed
    found = links(place)
    assert set(found) == {sites for sites in DELAYS if "dsl" not in sites}
    assert {link["mtu"] for link in found.values()} == {WIDE}
    assert "mesh.mtu" not in place.pulumi("stack", "output", "readme", "--stack", "paths")
    assert not place.sh("hub1", "ls -A /run | grep stretched- || true"), "the key is nowhere but in its place"


def test_a_node_that_leaves_takes_its_routes_with_it_and_in_the_end_nothing_is_left(place: MeshLab) -> None:
    place.sh("hub1", "sh /var/lib/stretched-uploads/node/current/fit.sh")
    assert routes(place, "hub1")["hub1"] == {THIN: NARROW, DSL: NARROW}
    without = changed("sites/thin", None, changed("sites/dsl", None, declared("again")))
    alone = changed("sites/far/nodes/far1.lab.test/roles", None, without)
    kept = "wg show wg0 allowed-ips; ping -q -c1 -M do -s 1300 192.168.9.4; ip route show proto 83 dev wg0"
    place.write(alone, "hub1.lab.test", kept)
    printed = place.up()
    assert f"{THIN} scope link mtu {NARROW}" in printed, "while it is drained"
    assert routes(place, "hub1")["hub1"] == {}
    place.sh("hub1", GONE)
    place.pulumi("destroy", "--yes", "--skip-preview", "--stack", "paths")
    gone = "test ! -e /etc/wireguard && test ! -e /etc/stretched && test ! -e /sys/class/net/wg0"
    left = place.everywhere(HOSTS, f"{gone}; ls /etc/systemd/system /etc/systemd/system/*.wants; ls -A /root")
    assert not [host for host, found in left.items() if "stretched" in found]
