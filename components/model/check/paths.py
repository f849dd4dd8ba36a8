"""Paths of nodes in the configuration, and values that several nodes share."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from components.model.problems import Problems
from components.model.spec import Node, Spec


def path_of(node: Node, field: str = "") -> str:
    """Return the path of a node, or of one of its fields, in the configuration."""
    base = f"sites.{node.site}.nodes.{node.name}"
    return f"{base}.{field}" if field else base


def shared(spec: Spec, key: Callable[[Node], Hashable | None]) -> Iterator[tuple[Hashable, list[Node]]]:
    """Yield each value that several nodes have, with these nodes in their order; None is no value."""
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for node in spec.nodes:
        value = key(node)
        if value is not None:
            groups[value].append(node)
    yield from ((value, nodes) for value, nodes in groups.items() if len(nodes) > 1)


def refuse_shared(
    spec: Spec, problems: Problems, field: str, key: Callable[[Node], Hashable | None], instead: str
) -> None:
    """Report, at the last of them, nodes that have the same value of a field."""
    for value, nodes in shared(spec, key):
        others = ", ".join(node.name for node in nodes[:-1])
        problems.add("taken", path_of(nodes[-1], field), f"{value} is already used by {others}", instead)
