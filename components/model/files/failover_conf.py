"""failover.conf: what stretched-watch of a host does when a gateway is down."""

from components.model.mesh.failover import Watch


def failover_conf(watch: Watch) -> str:
    """Return the file of a host; one without a line that begins with a word is for a host without a watch."""
    lines = ["# What stretched-watch does on this host when a gateway is down. Addresses are those of wg0."]
    for asked in watch.asked:
        through = "".join(f" {relay.address}" for relay in asked.through)
        lines.append(f"gateway {asked.node.address} {asked.node.name}{' through' if through else ''}{through}")
    for instead in watch.instead:
        nodes = " ".join(map(str, (*(node.address for node in instead.nodes), *instead.ranges)))
        lines.append(f"when {instead.gone.address} use {instead.peer.address} for {nodes}")
    for group, users in (("inside", watch.inside), ("outside", watch.outside)):
        lines += [f"user {group} {user.address}" for user in users]
    return "\n".join([*lines, ""])
