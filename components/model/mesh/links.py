"""Measurements of the paths between sites: which pairs are measured, and the results."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

from components.model.mesh.routing import Routes
from components.model.spec import ETCD, Node, Spec

SECONDS = 1.5
"""Duration of a TCP transfer in each direction."""
LIMIT = 120
"""Seconds after which no further throughput is measured. Pairs of sites with etcd members come first."""


@dataclass(frozen=True)
class Link:
    """The measured path between two sites, from one node of each. A value is None when it could not be measured."""

    sites: tuple[str, str]
    nodes: tuple[str, str]
    kind: str
    """LAN, DIRECT or RELAY, as Routes.kind returns it."""
    latency_ms: float | None
    """Median round-trip time over wg0, in milliseconds."""
    mtu: int | None
    """Path MTU over wg0: bytes of an IP packet."""
    throughput_mbps: tuple[float, float] | None
    """Throughput of one TCP connection over wg0 in Mbit/s: from the first site to the second, and back."""

    def data(self) -> dict[str, object]:
        """Return the link as the stack's output shows it."""
        forth, back = self.throughput_mbps or (None, None)
        return {
            "between": list(self.sites),
            "nodes": list(self.nodes),
            "kind": self.kind,
            "latencyMs": self.latency_ms,
            "mtu": self.mtu,
            "throughputMbps": forth,
            "throughputBackMbps": back,
        }


@dataclass(frozen=True)
class Measured:
    """The results of a measurement."""

    links: tuple[Link, ...] = ()
    problems: tuple[str, ...] = ()
    """Messages: which path could not be measured, and why."""
    narrowest: int | None = None
    """Smallest MTU of the links in bytes; None: no link is narrower than wg0."""


NOTHING_MEASURED = Measured()


def measuring(spec: Spec) -> dict[str, Node]:
    """Return the measuring node of each site, by the site's name: its first gateway, else its first node."""
    gateways = {node.site: node for node in reversed(spec.gateways)}
    return {site.name: gateways.get(site.name, site.nodes[0]) for site in spec.sites}


def measurement_plan(spec: Spec) -> dict[str, object]:
    """Return the input of components/hosts/paths/between.py. It holds no secrets."""
    members = {node.site for node in spec.with_role(ETCD)}
    pairs = sorted(combinations(measuring(spec), 2), key=lambda pair: not members.issuperset(pair))
    return {
        "top": spec.mesh.mtu,
        "seconds": SECONDS,
        "limit": LIMIT,
        "sites": {
            site: {
                "address": str(node.address),
                "port": node.ssh.mesh_port,
                "user": node.ssh.user,
                "hostKey": node.ssh.host_key,
            }
            for site, node in measuring(spec).items()
        },
        "pairs": [list(pair) for pair in pairs],
    }


def ways(spec: Spec, routes: Routes) -> str:
    """Return a text that changes when a path between measuring nodes does: its hops, or one of their endpoints."""
    endpoint = routes.reachability.endpoint
    lines = [f"mtu {spec.mesh.mtu}"]
    for first, second in combinations(measuring(spec).values(), 2):
        path = [spec.node(name) for name in routes.path(first.name, second.name)]
        hops = [f"{a.address} {endpoint(a, b)} {endpoint(b, a)} {b.address}" for a, b in pairwise(path)]
        lines.append(", ".join(hops))
    return "\n".join(lines)


def measured(spec: Spec, routes: Routes, printed: str) -> Measured:
    """Return the results that hosts/paths/between.py printed for the declared sites.

    The output may be cut off or damaged: a line that cannot be parsed becomes a problem.
    """
    results: dict[frozenset[str], dict[str, object]] = {}
    problems = []
    for line in printed.splitlines():
        try:
            data = json.loads(line)
            if "problem" in data:
                problems.append(str(data["problem"]))
            else:
                results[frozenset(data["between"])] = data
        except (ValueError, TypeError, KeyError):
            problems.append(f"cannot parse: {line[:80]}")
    nodes = measuring(spec)
    pairs = [pair for pair in combinations(nodes, 2) if frozenset(pair) in results]
    links = tuple(_link(results[frozenset((a, b))], (nodes[a], nodes[b]), routes) for a, b in pairs)
    return Measured(links, tuple(problems), narrowest(links, spec.mesh.mtu))


def _link(data: dict[str, object], nodes: tuple[Node, Node], routes: Routes) -> Link:
    first, second = nodes
    rtt, mtu, speeds = (data.get(name) for name in ("rtt", "mtu", "mbps"))
    both = tuple(speeds) if isinstance(speeds, list) and len(speeds) == 2 else None
    if both and data["between"] != [first.site, second.site]:
        both = both[::-1]
    return Link(
        sites=(first.site, second.site),
        nodes=(first.name, second.name),
        kind=routes.kind(first.name, second.name),
        latency_ms=rtt if isinstance(rtt, float | int) else None,
        mtu=mtu if isinstance(mtu, int) else None,
        throughput_mbps=both,
    )


def narrowest(links: Iterable[Link], mtu: int) -> int | None:
    """Return the smallest MTU of the links in bytes; None when no link is narrower than `mtu`, that of wg0."""
    smallest = min((link.mtu for link in links if link.mtu), default=mtu)
    return smallest if smallest < mtu else None
