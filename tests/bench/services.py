"""Services through their entry, direct and through wg0, beside a floor and a peer: throughput and what a question costs.

direct, floor    the program's own port at the public host, without anything between
direct, ours     HAProxy at the same host
tunnel, floor    the program's port over wg0, asked by the entry itself: without the client's way to the entry
tunnel, peer     socat at the entry, to the program over wg0
tunnel, ours     HAProxy at the entry

All on one machine, by wireguard-go: the differences count, not the numbers. The lab is that of tests/lab/test_services.py.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path

from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_until
from tests.lab.programs import PYTHON
from tests.lab.services_lab import LAB, MWT2A, OPERATOR, SERVICES, WG0, declared, start
from tests.support.examples import changed

ROUNDS = 5
MEGABYTES = 40
PEER = 9443
MEASURE = """
import json, socket, statistics, sys, time
place, count = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
def connected():
    one = socket.create_connection(place, 20)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one
def asked(one):
    began = time.perf_counter()
    one.sendall(b"who\\n")
    while not one.recv(4096).endswith(b"\\n"): pass
    return time.perf_counter() - began
def new():
    began = time.perf_counter()
    with connected() as one: asked(one)
    return time.perf_counter() - began
with connected() as one:
    asked(one)
    question = statistics.median(asked(one) for _ in range(50))
    one.sendall(b"get %d\\n" % count)
    began, left = time.perf_counter(), count
    while left: left -= len(one.recv(1 << 20))
    seconds = time.perf_counter() - began
print(json.dumps([count / seconds / 1e6, question * 1e3, statistics.median(new() for _ in range(20)) * 1e3]))
"""


def measured(place: str, address: str, port: int) -> list[float]:
    """Return MB/s, ms for a question, and ms for a connection with a question."""
    words = ("exec", place, "--", PYTHON, "-c", MEASURE, address, str(port), str(MEGABYTES * 1_000_000))
    found: list[float] = json.loads(LAB.lab(*words).stdout)
    return found


def ways() -> dict[str, tuple[str, str, int]]:
    """Return from where each way is measured, and to where."""
    return {
        "direct, floor": ("operator", MWT2A, 8080),
        "direct, ours": ("operator", MWT2A, 80),
        "tunnel, floor": ("mwt2a", WG0["uvica"], 8443),
        "tunnel, peer": ("operator", MWT2A, PEER),
        "tunnel, ours": ("operator", MWT2A, 443),
    }


def prepare(lab: MeshLab) -> None:
    """Have two services, each with one server, the peer, and no firewall."""
    for host in ("mwt2a", "uvica"):
        start(host)
    chosen = {
        name: {**SERVICES[name], "at": [host]}
        for name, host in (("open", "mwt2a.lab.test"), ("closed", "uvica.lab.test"))
    }
    config = changed("firewall", {"enabled": False, "ssh": [OPERATOR]}, declared(chosen))
    lab.write(config, "mwt2a.lab.test")
    lab.up()
    lab.sh(
        "mwt2a",
        "systemd-run -q --collect --unit=peer socat "
        f"TCP-LISTEN:{PEER},fork,reuseaddr,nodelay TCP:{WG0['uvica']}:8443,nodelay",
    )
    wait_until(lambda: f":{PEER}" in lab.sh("mwt2a", "ss -Hltn"), 20, "the peer listens")


def main() -> None:
    """Print the table."""
    if os.geteuid() != 0:
        print("services: not measured, the lab needs root")
        return
    with tempfile.TemporaryDirectory() as directory, LAB.standing(Path(directory) / "mesh"):
        prepare(LAB)
        rounds: dict[str, list[list[float]]] = {name: [] for name in ways()}
        for _ in range(ROUNDS):
            for name, way in ways().items():
                rounds[name].append(measured(*way))
    print(f"services, medians of {ROUNDS} rounds; load average {os.getloadavg()[0]:.1f}")
    print(f"{'':<14} {'MB/s':>8} {'ms a question':>14} {'ms a connection':>16}")
    for name, found in rounds.items():
        rate, question, connection = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"{name:<14} {rate:>8.1f} {question:>14.2f} {connection:>16.2f}")
