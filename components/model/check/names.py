"""Checks of names, labels and taints of nodes."""

import re

from components.model.check.paths import path_of
from components.model.problems import Problems
from components.model.spec import Node, Spec

_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_TAINT = re.compile(r"[^=:\s]+(=[^=:\s]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")


def check_names(spec: Spec, problems: Problems) -> None:
    """Note names that are no names or twice, and labels and taints that Kubernetes refuses."""
    seen: dict[str, Node] = {}
    for node in spec.nodes:
        if not _NODE_NAME.fullmatch(node.name) or len(node.name) > 63:
            problems.add(
                "not-a-name",
                path_of(node),
                "is not a lower-case DNS name of at most 63 characters",
                f"write for example `{node.name.lower()}`",
            )
        if node.name in seen:
            problems.add(
                "name-taken",
                path_of(node),
                f"is already a node of site {seen[node.name].site}",
                "declare each host once",
            )
        seen[node.name] = node
        _labels(node, problems)
        for taint in node.taints:
            if not _TAINT.fullmatch(taint):
                problems.add(
                    "not-a-taint", path_of(node, "taints"), f"{taint!r} is not a taint", "write `key=value:NoSchedule`"
                )


def _labels(node: Node, problems: Problems) -> None:
    labels = {"site": node.site, "institution": node.institution, **node.labels}
    for name, value in labels.items():
        if not _LABEL_NAME.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
            where = path_of(node, f"labels.{name}") if name in node.labels else path_of(node)
            problems.add(
                "not-a-label",
                where,
                f"{name}={value} is not a Kubernetes label",
                "use letters, digits, '-', '_' and '.', at most 63",
            )
    for name in {"site", "institution"} & set(node.labels):
        problems.add(
            "own-label",
            path_of(node, f"labels.{name}"),
            "is set by the program",
            f"remove it; it comes from the {name}",
        )
