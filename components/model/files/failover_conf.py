"""failover.conf: the gateways that stretched-watch of a host probes, and its detours around them."""

from components.model.files.text_lines import lines as text_of
from components.model.mesh.failover import Watch


def failover_conf(watch: Watch) -> str:
    """Return the text of the file. If it holds a comment only, the host has nothing to watch."""
    lines = ["# What stretched-watch does on this host when a gateway is down. Addresses are those of wg0."]
    for gateway in watch.probed:
        through = "".join(f" {relay.address}" for relay in gateway.through)
        lines.append(f"gateway {gateway.node.address} {gateway.node.name}{' through' if through else ''}{through}")
    for detour in watch.detours:
        nodes = " ".join(map(str, (*(node.address for node in detour.nodes), *detour.ranges)))
        lines.append(f"when {detour.gone.address} use {detour.peer.address} for {nodes}")
    for group, users in (("inside", watch.inside), ("outside", watch.outside)):
        lines += [f"user {group} {user.address}" for user in users]
    return text_of(lines)
