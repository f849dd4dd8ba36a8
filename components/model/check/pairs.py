"""Pairs of nodes that cannot reach each other: an error, with the remedies."""

from collections import defaultdict
from itertools import combinations

from components.model.mesh.reachability import no_family_in_common
from components.model.mesh.routing import Routes
from components.model.plan import Plan
from components.model.problems import Problems
from components.model.spec import Node, Spec
from components.model.spec.families import FAMILIES, in_words

_SHOWN = 4
"""Number of further pairs of the same two sites that are named."""


def check_pairs(plan: Plan, problems: Problems) -> None:
    """Report the pairs of nodes that no tunnel and no relay connects, those of the same two sites together."""
    spec, routes = plan.spec, plan.routes
    if len({node.name for node in spec.nodes}) < len(spec.nodes):
        return  # reported elsewhere, and paths are between names
    by_sites: dict[tuple[str, str], list[tuple[Node, Node]]] = defaultdict(list)
    faulty = {node.name for node in spec.nodes if _faulty(node, problems)}
    for one, other in combinations(spec.nodes, 2):
        if one.name not in routes.next_hops[other.name] and not faulty & {one.name, other.name}:
            by_sites[one.site, other.site].append((one, other))
    for pairs in by_sites.values():
        one, other = pairs[0]
        problems.add(
            "unreachable",
            f"sites.{one.site}.nodes.{one.name}.endpoint",
            f"{one.name} and {other.name} {_why(one, other)}{_further(pairs[1:])}",
            ", or ".join(_ways_out(spec, routes, one, other)),
        )


def _faulty(node: Node, problems: Problems) -> bool:
    """Whether a mistake is reported for a field that says how a node is reached."""
    own = (f"sites.{node.site}.nodes.{node.name}.{field}" for field in ("endpoint", "lanAddress", "ipFamilies"))
    of_site = (f"sites.{node.site}.{field}" for field in ("endpoint", "gateway", "lan", "ipFamilies"))
    return any(problems.at(path) for path in (*own, *of_site))


def _why(one: Node, other: Node) -> str:
    mismatches = [
        f"{speaker.name} has {in_words(speaker.families)} only and the endpoint of {peer.name} is "
        f"{in_words(endpoint.family or in_words(peer.families) for endpoint in peer.endpoints)}"
        for speaker, peer in ((one, other), (other, one))
        if peer.endpoints and no_family_in_common(speaker, peer)
    ]
    if mismatches:
        return f"cannot reach each other: {'; '.join(mismatches)}"
    if one.endpoint or other.endpoint:
        gateway, inner = (one, other) if one.endpoint else (other, one)
        return (
            f"cannot reach each other: the site's port leads to {gateway.name} from outside only, and {inner.name} "
            "is behind it too"
        )
    return "cannot reach each other: neither has an endpoint"


def _further(pairs: list[tuple[Node, Node]]) -> str:
    if not pairs:
        return ""
    named = ", ".join(f"{one.name} and {other.name}" for one, other in pairs[:_SHOWN])
    rest = f", and {len(pairs) - _SHOWN} more pairs of these sites" if len(pairs) > _SHOWN else ""
    return f" (likewise {named}{rest})"


def _ways_out(spec: Spec, routes: Routes, one: Node, other: Node) -> list[str]:
    ways = []
    for speaker, peer in ((one, other), (other, one)):
        if peer.endpoints and no_family_in_common(speaker, peer):
            ways.append(
                f"write `ipFamilies: [{', '.join(FAMILIES)}]` at {speaker.name} if it can send in both, or a list of "
                f"two endpoints at {peer.name}, one of each family"
            )
            break
    if not one.endpoint and not other.endpoint:
        ways.append("have a UDP port opened to one of the two and write `endpoint: ADDRESS:PORT` there")
    if one.site == other.site:
        ways.append("write `lanAddress: ADDRESS` at one of the two if they are on one LAN")
    taken = {site.name for site in spec.sites if site.gateway}
    both = routes.tunnels[one.name].keys() & routes.tunnels[other.name].keys()
    relay = next((node for node in spec.nodes if node.name in both and node.site not in taken), None)
    if relay:
        ways.append(
            f"have {relay.name}, which reaches both, carry their packets: write `gateway: {relay.name}` at the site "
            f"{relay.site}"
        )
    return ways
