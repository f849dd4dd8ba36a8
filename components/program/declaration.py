"""The declaration, checked and compared with the last run before any resource is declared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pulumi

from components.cluster.change import Change, applied_of, change_of
from components.model.configuration import parse_plan
from components.model.plan import Plan
from components.model.problems import ConfigError, Problem
from components.remote.last_update import LastUpdate, last_update

TAKEN = "taken"
"""Code of the problem that two nodes have one address."""
CLUSTER = "cluster"
"""Default name of the cluster."""


@dataclass(frozen=True)
class Declaration:
    """A checked declaration, the state of the last run, and the change between them."""

    plan: Plan
    last: LastUpdate
    change: Change

    @property
    def deployer(self) -> str:
        """The node that runs the playbooks."""
        return self.change.leaders.deployer


def declare(sections: Mapping[str, object], *, cluster: str = CLUSTER, problems: Sequence[Problem] = ()) -> Declaration:
    """Check the sections of a configuration (docs/reference.md describes them) and compare them with the last run.

    `cluster` is the name of the Cluster; `problems` are mistakes that the caller has detected. Raises pulumi.RunError,
    which Pulumi shows without a traceback, with all mistakes, or when the stack's state cannot be read.
    """
    try:
        plan = _plan(sections, problems)
    except ConfigError as error:
        raise pulumi.RunError(str(_with_known_addresses(sections, problems, cluster, error))) from None
    last = last_update()
    applied = applied_of(cluster, last)
    change = change_of(cluster, plan.spec, applied, last)
    change.refuse_what_cannot_be_done()
    return Declaration(plan, last, change)


def _plan(
    sections: Mapping[str, object], problems: Sequence[Problem], known: Mapping[str, str] = MappingProxyType({})
) -> Plan:
    """Return the plan. Raises ConfigError with the given problems and all others."""
    try:
        plan = parse_plan(sections, _read, known)
    except ConfigError as error:
        raise ConfigError((*problems, *error.problems)) from None
    if problems:
        raise ConfigError(tuple(problems))
    return plan


def _with_known_addresses(
    sections: Mapping[str, object], problems: Sequence[Problem], cluster: str, error: ConfigError
) -> ConfigError:
    """Return the error, improved by the last run: of two nodes with one address, the one that had it keeps it."""
    if TAKEN in {problem.code for problem in error.problems}:
        applied = applied_of(cluster, last_update())
        try:
            _plan(
                sections,
                problems,
                {name: member.address for name, member in applied.members.items()} if applied else {},
            )
        except ConfigError as improved:
            return improved
    return error


def _read(name: str) -> str:
    return Path(name).expanduser().read_text(encoding="utf-8")
