"""The difference between the applied and the declared state of the cluster.

A preview announces it, and impossible changes are refused. Nothing here contacts a host: the deployer compares again
with its own records and decides which playbooks run.
"""

from dataclasses import dataclass, field

import pulumi

from components.cluster.applied import last_applied
from components.cluster.deployer_input import last_variables
from components.cluster.playbooks import Source, playbook_source
from components.model.cluster.declared import declared
from components.model.cluster.host_changes import host_changes
from components.model.cluster.leaders import Leaders, leaders
from components.model.convergence.refusals import refusals
from components.model.convergence.secret_variables import changed_names
from components.model.convergence.state import State
from components.model.convergence.steps import plan
from components.model.problems import ConfigError
from components.model.report.new_hosts import host_changes_text
from components.model.spec import Spec
from components.remote.last_update import LastUpdate

CLUSTER = "stretched:index:Cluster"
"""Type token."""


def converged(cluster: str) -> str:
    """Return the resource name of the command that makes a cluster match its declaration."""
    return f"{cluster}-converged"


def applied_of(cluster: str, last: LastUpdate) -> State | None:
    """Return the applied state of the cluster with this name; None before its first successful run.

    Raises pulumi.RunError when the stack's state holds it in a form that this version cannot read.
    """
    return last_applied(last, converged(cluster), CLUSTER, cluster)


@dataclass(frozen=True)
class Change:
    """The applied and the declared state of a cluster."""

    known: State | None
    """The applied state; None before the first run."""
    wanted: State
    """The declared state."""
    leaders: Leaders
    """The deployer, the first control-plane node, and the order of nodes in the inventory."""
    source: Source
    """Source of the playbooks."""
    last_variables: str = field(default="", repr=False)
    """The secret variables of the last run, as JSON; empty before the first run. Secret: only names are shown."""

    def refuse_what_cannot_be_done(self) -> None:
        """Raise pulumi.RunError that lists all impossible changes. Call this before any resource is declared."""
        problems = refusals(self.known, self.wanted)
        if problems:
            raise pulumi.RunError(str(ConfigError(problems)))

    def announce(self, resource: pulumi.Resource, variables: str) -> None:
        """Log which playbooks will run, in the preview and in the update.

        `variables` are the secret variables as JSON. Secret: only names are logged.
        """
        if self.known is not None and self.known.deployer != self.wanted.deployer:
            pulumi.log.info(f"{self.wanted.deployer} takes over from {self.known.deployer} as deployer", resource)
        steps = plan(self.known, self.wanted, changed_names(self.last_variables, variables))
        if steps:
            lines = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
            pulumi.log.info(f"Kubespray will run:{lines}", resource)

    def announce_new_hosts(self, resource: pulumi.Resource, spec: Spec) -> None:
        """Log what Kubespray changes on hosts that it has not installed yet."""
        known = self.known if self.known is not None and self.known.installed else None
        new = [name for name in self.wanted.members if known is None or known.joins(name, self.wanted)]
        if new:
            pulumi.log.info(host_changes_text(host_changes(spec, new)), resource)


def change_of(cluster: str, spec: Spec, known: State | None, last: LastUpdate) -> Change:
    """Return the change of the cluster with this name; `known` is its applied state."""
    source = playbook_source(spec.kubernetes.kubespray)
    wanted = declared(spec, source.revision, known)
    return Change(known, wanted, leaders(spec, known), source, last_variables(last, converged(cluster)))
