"""Which paths between sites are measured, and what came of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

from components.model.mesh.routing import Routes
from components.model.spec import ETCD, Node, Spec

SECONDS = 1.5
"""Of a TCP transfer, each way."""
LIMIT = 120
"""Seconds: when so many have gone, no further pair's throughput is measured. Sites of etcd's members come first."""


@dataclass(frozen=True)
class Link:
    """The path between two sites, as one node of each sees it. None: it could not be measured."""

    sites: tuple[str, str]
    nodes: tuple[str, str]
    kind: str
    """As in Routes.kind."""
    latency_ms: float | None
    """Round trip over wg0, median."""
    mtu: int | None
    """Bytes of an IP packet over wg0."""
    throughput_mbps: tuple[float, float] | None
    """Mbit/s of one TCP connection over wg0: from the first site to the second, and back."""

    def data(self) -> dict[str, object]:
        """Return it for the stack's outputs."""
        there, back = self.throughput_mbps or (None, None)
        return {
            "between": list(self.sites),
            "nodes": list(self.nodes),
            "kind": self.kind,
            "latencyMs": self.latency_ms,
            "mtu": self.mtu,
            "throughputMbps": there,
            "throughputBackMbps": back,
        }


@dataclass(frozen=True)
class Measured:
    """What a measurement brought."""

    links: tuple[Link, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be measured, and why."""
    narrowest: int | None = None
    """The least MTU of the links in bytes; None: none is narrower than wg0."""


NOTHING_MEASURED = Measured()


def measuring(spec: Spec) -> dict[str, Node]:
    """Return for each site the node that measures: its first gateway, else its first node."""
    gateways = {node.site: node for node in reversed(spec.gateways)}
    return {site.name: gateways.get(site.name, site.nodes[0]) for site in spec.sites}


def measurement_plan(spec: Spec) -> dict[str, object]:
    """Return what components/hosts/paths/between.py reads. Without secrets."""
    members = {node.site for node in spec.with_role(ETCD)}
    pairs = sorted(combinations(measuring(spec), 2), key=lambda pair: not members.issuperset(pair))
    return {
        "top": spec.mesh.mtu,
        "seconds": SECONDS,
        "limit": LIMIT,
        "sites": {
            site: {"address": str(node.address), "user": node.ssh.user, "hostKey": node.ssh.host_key}
            for site, node in measuring(spec).items()
        },
        "pairs": [list(pair) for pair in pairs],
    }


def ways(spec: Spec, routes: Routes) -> str:
    """Return a text that changes when one of the paths between the measuring nodes does: a hop, or its endpoint."""
    endpoint = routes.reachability.endpoint
    lines = [f"mtu {spec.mesh.mtu}"]
    for one, other in combinations(measuring(spec).values(), 2):
        path = [spec.node(name) for name in routes.path(one.name, other.name)]
        hops = [f"{a.address} {endpoint(a, b)} {endpoint(b, a)} {b.address}" for a, b in pairwise(path)]
        lines.append(", ".join(hops))
    return "\n".join(lines)


def measured(spec: Spec, routes: Routes, printed: str) -> Measured:
    """Return what hosts/paths/between.py printed, as far as it is about the declared sites.

    Nothing that is printed is trusted to be whole: a line that cannot be read is a problem.
    """
    found: dict[frozenset[str], dict[str, object]] = {}
    problems = []
    for line in printed.splitlines():
        try:
            data = json.loads(line)
            if "problem" in data:
                problems.append(str(data["problem"]))
            else:
                found[frozenset(data["between"])] = data
        except (ValueError, TypeError, KeyError):
            problems.append(f"not understood: {line[:80]}")
    nodes = measuring(spec)
    pairs = [pair for pair in combinations(nodes, 2) if frozenset(pair) in found]
    links = tuple(_link(found[frozenset((one, other))], (nodes[one], nodes[other]), routes) for one, other in pairs)
    return Measured(links, tuple(problems), narrowest(links, spec.mesh.mtu))


def _link(data: dict[str, object], nodes: tuple[Node, Node], routes: Routes) -> Link:
    one, other = nodes
    rtt, mtu, speeds = (data.get(name) for name in ("rtt", "mtu", "mbps"))
    both = tuple(speeds) if isinstance(speeds, list) and len(speeds) == 2 else None
    if both and data["between"] != [one.site, other.site]:
        both = both[::-1]
    return Link(
        sites=(one.site, other.site),
        nodes=(one.name, other.name),
        kind=routes.kind(one.name, other.name),
        latency_ms=rtt if isinstance(rtt, float | int) else None,
        mtu=mtu if isinstance(mtu, int) else None,
        throughput_mbps=both,
    )


def narrowest(links: Iterable[Link], mtu: int) -> int | None:
    """Return the least MTU of the links, None when none has less than wg0's `mtu`."""
    found = min((link.mtu for link in links if link.mtu), default=mtu)
    return found if found < mtu else None
