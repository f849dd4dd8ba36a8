"""Two gateways behind two ports, and the harm that is done to them; shared by the tests of failover.

The lab is `lab/topologies/failover.yaml`; the program is tests/lab/mesh.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.lab.mesh_lab import MeshLab
from tests.lab.place import wait_for, wait_until
from tests.support.examples import TREE, configuration

FILE = TREE / "lab/topologies/failover.yaml"
HOSTS = {
    "open1": "192.168.8.1",
    "gate1": "192.168.8.2",
    "gate2": "192.168.8.3",
    "inner1": "192.168.8.4",
    "closed1": "192.168.8.5",
}
SWITCHED = 30
"""Seconds from the death of a gateway until its pairs answer again, as promised. tests/hosts/scripts/test_failover_scripts.py
holds this by a clock of its own; here a busy machine may take longer."""
BACK = 75
"""Seconds from its return until all is as before: at most 20 out of service, 30 of steady answers, and some for the machine."""


def twogates() -> dict[str, object]:
    def node(last: int, port: int) -> dict[str, object]:
        ssh = {"host": "203.0.113.8", "port": port}
        return {"address": f"192.168.8.{last}", "lanAddress": f"10.1.0.{last + 9}", "ssh": ssh}

    return {
        **configuration(),
        "mesh": {"cidr": "192.168.8.0/24"},
        "sites": {
            "open": {
                "institution": "north",
                "nodes": {
                    "open1.lab.test": {
                        "address": HOSTS["open1"],
                        "endpoint": "192.0.2.11",
                        "roles": ["control-plane", "etcd"],
                    }
                },
            },
            "twogates": {
                "institution": "middle",
                "gateway": ["gate1.lab.test", "gate2.lab.test"],
                "endpoint": ["203.0.113.8:4500", "203.0.113.8:4501"],
                "nodes": {
                    "gate1.lab.test": node(2, 2211),
                    "gate2.lab.test": node(3, 2212),
                    "inner1.lab.test": node(4, 2213),
                },
            },
            "closed": {
                "institution": "south",
                "nodes": {
                    "closed1.lab.test": {"address": HOSTS["closed1"], "ssh": {"host": "203.0.113.9", "port": 2211}}
                },
            },
        },
    }


class Gateways:
    """The lab, and whom its hosts send to."""

    def __init__(self, lab: MeshLab) -> None:
        self.lab = lab
        self.sh = lab.sh
        self.pings = lab.pings

    def up(self) -> None:
        """Bring the mesh up; then public keys are known."""
        self.lab.up()
        self.keys = {self.sh(name, "wg show wg0 public-key"): name for name in HOSTS}

    def at(self, host: str, far: str) -> str:
        """Return the peer that has another host's address now."""
        for line in self.sh(host, "wg show wg0 allowed-ips").splitlines():
            key, *addresses = line.split()
            if f"{HOSTS[far]}/32" in addresses:
                return self.keys[key]
        return "nobody"

    def through(self) -> tuple[str, str]:
        """Return through whom inner1 and closed1 send to each other."""
        return self.at("inner1", "closed1"), self.at("closed1", "inner1")

    def goes_through(self, gate: str, seconds: float) -> None:
        """Await that both inner1 and closed1 send to each other through this gateway."""
        wait_for(self.through, (gate, gate), seconds, f"both go through {gate}")

    def down(self, host: str) -> int:
        """Return how many gateways a host thinks are down."""
        return self.sh(host, "sh /etc/stretched/watch.sh status").count(": down, ")

    def all_ping(self, names: list[str]) -> None:
        def ping(host: str) -> None:
            self.lab.reaches(host, *(HOSTS[name] for name in names if name != host))

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(ping, names))

    def in_router(self, *words: str) -> None:
        subprocess.run(["ip", "netns", "exec", self.lab.layout.router_netns("twogates"), *words], check=True)

    def pause(self, harm: Callable[[], None]) -> float:
        """Do some harm; return after how many seconds inner1 and closed1 answer each other again, from both sides."""
        harm()
        began = time.monotonic()
        wait_until(lambda: not self.pings("inner1", HOSTS["closed1"]), 10, "the harm is felt")
        wait_until(
            lambda: self.pings("inner1", HOSTS["closed1"]) and self.pings("closed1", HOSTS["inner1"]),
            SWITCHED,
            "the pair answers again through the other gateway",
        )
        return time.monotonic() - began

    def comes_back(self) -> None:
        """Await that all is as before."""
        began = time.monotonic()
        self.goes_through("gate1", BACK)
        wait_until(lambda: not self.down("inner1") and not self.down("closed1"), BACK, "both know that")
        wait_until(lambda: self.pings("inner1", HOSTS["closed1"]), 10, "and the pair answers")
        print(f"as before {time.monotonic() - began:.0f} s after the gateway's return")
        self.all_ping(list(HOSTS))


@contextmanager
def gateways(directory: Path) -> Iterator[Gateways]:
    """Make the lab and its stack below a directory."""
    with MeshLab(FILE).standing(directory / "mesh") as made:
        made.write(twogates(), "open1.lab.test")
        yield Gateways(made)
