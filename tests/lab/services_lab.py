"""The lab of services, lab/topologies/services.yaml: its hosts, what runs on them, and the services that are declared."""

from collections.abc import Mapping

from tests.lab import programs
from tests.lab.mesh_lab import MeshLab
from tests.support.examples import TREE, changed, configuration

LAB = MeshLab(TREE / "lab/topologies/services.yaml")
OPERATOR = "203.0.113.200"
MWT2A, MWT2B, AGLT2A = "192.0.2.11", "192.0.2.12", "198.51.100.11"
WG0 = {
    f"{name}": f"192.168.7.{number}" for number, name in enumerate(("mwt2a", "mwt2b", "aglt2a", "uvica", "uvicb"), 1)
}
SITES: dict[str, object] = {
    "mwt2": {
        "institution": "north",
        "gateway": "mwt2a.lab.test",
        "nodes": {
            "mwt2a.lab.test": {"address": WG0["mwt2a"], "endpoint": MWT2A, "roles": ["control-plane", "etcd"]},
            "mwt2b.lab.test": {"address": WG0["mwt2b"], "endpoint": MWT2B},
        },
    },
    "aglt2": {
        "institution": "south",
        "nodes": {"aglt2a.lab.test": {"address": WG0["aglt2a"], "endpoint": AGLT2A}},
    },
    "uvic": {
        "institution": "west",
        "nodes": {
            f"uvic{letter}.lab.test": {"address": WG0[f"uvic{letter}"], "ssh": {"host": "203.0.113.8", "port": port}}
            for letter, port in (("a", 2211), ("b", 2212))
        },
    },
}
MWT2 = ["mwt2a.lab.test", "mwt2b.lab.test"]
SERVICES: dict[str, dict[str, object]] = {
    "closed": {"port": 443, "hostPort": 8443, "at": ["uvic"], "from": "public"},
    "open": {"port": 80, "hostPort": 8080, "at": MWT2, "from": "public"},
    "told": {
        **{"port": 8001, "hostPort": 8444, "at": ["uvic"], "from": "public"},
        **{"clientAddress": "proxy-protocol", "entries": ["mwt2a.lab.test"]},
    },
    "kept": {"port": 8002, "hostPort": 8080, "at": ["mwt2b.lab.test"], "from": "public", "clientAddress": "kept"},
    "itself": {"port": 8445, "hostPort": 8445, "at": ["aglt2a.lab.test"], "from": "public", "clientAddress": "kept"},
    "few": {"port": 8003, "hostPort": 8443, "at": ["uvic"], "from": ["198.51.100.0/25", "2001:db8::/32"]},
    "echo": {"port": 5353, "protocol": "udp", "hostPort": 5454, "at": ["uvic"], "from": "public"},
    "echo-here": {"port": 5355, "protocol": "udp", "hostPort": 5454, "at": MWT2, "from": "public"},
    "echo-few": {"port": 5356, "protocol": "udp", "hostPort": 5454, "at": ["uvic"], "from": ["198.51.100.0/25"]},
    "plain": {"port": 8004, "target": "10.1.0.20:7000", "at": ["uvic"], "from": "public", "entries": ["aglt2"]},
    "echo-plain": {
        **{"port": 5357, "protocol": "udp", "target": "10.1.0.20:7001", "at": ["uvic"], "from": "public"},
        **{"entries": ["aglt2"]},
    },
    "echo-node-port": {
        **{"port": 5358, "protocol": "udp", "nodePort": 30454, "at": ["mwt2a.lab.test"], "from": "public"},
        **{"entries": ["mwt2a.lab.test"]},
    },
    "inner": {"port": 8005, "hostPort": 8443, "at": ["uvica.lab.test"]},
}
PROGRAMS = {
    "mwt2a": "tcp:8080 udp:5454",
    "mwt2b": "tcp:8080 udp:5454",
    "aglt2a": "tcp:8445",
    "uvica": "tcp:8443 proxy:8444 udp:5454",
    "uvicb": "tcp:8443 proxy:8444 udp:5454",
    "plain": "tcp:7000 udp:7001",
}


def declared(services: Mapping[str, object]) -> dict[str, object]:
    whole = {**configuration(), "mesh": {"cidr": "192.168.7.0/24"}, "sites": SITES}
    whole["firewall"] = {"enabled": True, "ssh": [f"{OPERATOR}/32"]}
    return changed("services", dict(services), whole)


def start(host: str) -> None:
    """Have the host's program run."""
    programs.start(LAB, host, PROGRAMS[host])
