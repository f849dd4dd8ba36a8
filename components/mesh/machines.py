"""The machines of the last run. A machine that gets another name must lose the former one in a run of its own.

Pulumi would create the resources of the new name first and then delete those of the former one, on the same machine.
"""

from collections.abc import Iterable, Iterator, Mapping

import pulumi

from components.model.check.paths import path_of
from components.model.problems import ConfigError, Problem
from components.model.spec import Node
from components.remote.commands import COMMAND
from components.remote.last_update import LastUpdate

PREPARED = "prepared"
"""Suffix of the command that is a host's first to be created and last to be deleted."""


def refuse_renamed(mesh: str, nodes: Iterable[Node], last: LastUpdate) -> None:
    """Raise pulumi.RunError that lists nodes whose machine had another name in the last run.

    `mesh` is the name of the mesh. A machine is identified by its host key. Call this before any resource is declared.
    """
    before = {key: name for name, key in _host_keys(mesh, last)}
    problems = [
        Problem(
            "renamed",
            path_of(node),
            f"is the machine that was {before[node.ssh.host_key]} in the last run, by its host key",
            f"keep that name, or rename it in two runs: first remove {before[node.ssh.host_key]} and run `pulumi up`, "
            "which takes Kubernetes, wg0 and our files from the machine; then declare it by the new name",
        )
        for node in nodes
        if before.get(node.ssh.host_key, node.name) != node.name
    ]
    if problems:
        raise pulumi.RunError(str(ConfigError(tuple(problems))))


def _host_keys(mesh: str, last: LastUpdate) -> Iterator[tuple[str, str]]:
    """Yield name and host key of each node of the last run; those of stacks without names of meshes too."""
    suffix = f"-{PREPARED}"
    for resource, outputs in last.ending(COMMAND, suffix).items():
        connection = outputs.get("connection")
        if isinstance(connection, Mapping) and isinstance(connection.get("hostKey"), str):
            yield resource.removeprefix(f"{mesh}-").removesuffix(suffix), connection["hostKey"]
