"""Short names of nodes for people."""

from components.model.spec import Spec


def short_names(spec: Spec) -> dict[str, str]:
    """Return the short form of each node's name: without its domain, or all unchanged when two would be the same."""
    short = {node.name: node.name.partition(".")[0] for node in spec.nodes}
    return short if len(set(short.values())) == len(short) else {name: name for name in short}
