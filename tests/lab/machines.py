"""The lab of emulated machines, `lab/topologies/machines.yaml`, and what is declared for it; the program is tests/lab/mesh.

An emulated machine is slow, and slower where others are busy: limits are those of a machine that never comes.
"""

import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.lab.mesh_lab import IN_A_LAB, MeshLab
from tests.lab.place import wait_until
from tests.support.examples import TREE, changed

LAB = MeshLab(TREE / "lab/topologies/machines.yaml")
OPERATOR, OWN, SHARED = "203.0.113.200", "192.0.2.11", "192.0.2.12"
WG0 = {name: f"192.168.9.{number}" for number, name in enumerate(("own", "shared", "strict", "closed"), 1)}
MACHINES = ("own", "strict")
SITE = {"own": "open", "shared": "open", "strict": "strict", "closed": "closed"}
PATIENCE = 300
"""Seconds."""
SMALL = {"minimal_master_memory_mb": 256, "minimal_node_memory_mb": 256}
"""Kubespray's variables for hosts that hold a mesh and a pod of the test's own, and no Kubernetes."""
PROGRAM = "tcp:8443 udp:5454"
"""Of `strict`, behind the services."""


def declared() -> dict[str, object]:
    """Two gateways at one site; each of the two other sites has one host and no port, and the services are of one of them."""

    def behind(name: str, router: str) -> dict[str, object]:
        node = {"address": WG0[name], "ssh": {"host": router, "port": 2211}}
        return {"institution": "south", "nodes": {f"{name}.lab.test": node}}

    public = {
        "own.lab.test": {"address": WG0["own"], "endpoint": OWN, "roles": ["control-plane", "etcd"]},
        "shared.lab.test": {"address": WG0["shared"], "endpoint": SHARED},
    }
    return {
        **changed("kubernetes/variables", {**IN_A_LAB, **SMALL}),
        "forKubernetes": True,
        "mesh": {"cidr": "192.168.9.0/24", "measurement": "first"},
        "firewall": {"enabled": True, "ssh": [OPERATOR]},
        "sites": {
            "open": {"institution": "north", "gateway": list(public), "nodes": public},
            "strict": behind("strict", "203.0.113.8"),
            "closed": behind("closed", "203.0.113.9"),
        },
        "services": {
            "portal": {"port": 443, "hostPort": 8443, "at": ["strict"], "from": "public", "entries": ["open"]},
            "echo": {
                "port": 5353,
                "protocol": "udp",
                "hostPort": 5454,
                "at": ["strict"],
                "from": "public",
                "entries": ["open"],
            },
        },
    }


def every_pair_answers(hosts: Iterable[str]) -> None:
    """Await that each host is answered by all others of these."""
    names = list(hosts)
    script = "end=$(($(date +%s) + {0})); for it in {1}; do until ping -q -c1 -W5 $it; do [ $(date +%s) -lt $end ]; done; done"

    def ping(host: str) -> None:
        others = " ".join(WG0[other] for other in names if other != host)
        LAB.sh(host, script.format(PATIENCE, others))

    with ThreadPoolExecutor() as pool:
        list(pool.map(ping, names))


def relay_of(host: str, far: str) -> str:
    """Return the host to which one sends what is for another."""
    keys = {key: name for name, key in LAB.everywhere(WG0.keys() - {"own"}, "wg show wg0 public-key").items()}
    for line in LAB.sh(host, "wg show wg0 allowed-ips").splitlines():
        key, *addresses = line.split()
        if f"{WG0[far]}/32" in addresses:
            return keys.get(key, "own")
    return "nobody"


def cable(host: str, state: str) -> None:
    """Pull a host's cable, `down`, or put it in again, `up`."""
    router = LAB.layout.router_netns(SITE[host])
    subprocess.run(["ip", "-n", router, "link", "set", f"h-{host}", state], check=True)


def rebooted(host: str) -> None:
    """Reboot a host; return when it has begun to boot."""
    before = LAB.sh(host, "cat /proc/sys/kernel/random/boot_id")
    LAB.lab("exec", host, "--", "systemctl", "reboot", check=False)  # ended by the reboot itself

    def another() -> bool:
        found = LAB.lab("exec", host, "--", "cat", "/proc/sys/kernel/random/boot_id", check=False)
        return found.returncode == 0 and before not in found.stdout

    wait_until(another, PATIENCE, f"{host} boots again")
