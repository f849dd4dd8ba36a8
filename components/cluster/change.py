"""From what the last `pulumi up` brought about to what is declared: told in the preview, refused where it cannot be.

No host is asked. The deployer compares again with what it knows, and decides.
"""

from dataclasses import dataclass, field

import pulumi

from components.cluster.applied import last_applied
from components.cluster.deployer_input import last_variables
from components.cluster.playbooks import Source, playbook_source
from components.model.cluster.declared import declared
from components.model.cluster.leaders import Leaders, leaders
from components.model.convergence.refusals import refusals
from components.model.convergence.secret_variables import changed_names
from components.model.convergence.state import State
from components.model.convergence.steps import plan
from components.model.problems import ConfigError
from components.model.spec import Spec
from components.remote.last_update import LastUpdate

CLUSTER = "stretched:index:Cluster"
"""Type token."""


def converged(cluster: str) -> str:
    """Return the name of the command after which a cluster is as declared."""
    return f"{cluster}-converged"


def applied_of(cluster: str, last: LastUpdate) -> State | None:
    """Return what is applied to the cluster of this name; None before its first run that ended well.

    Raises pulumi.RunError where the state has it in a form that is not known.
    """
    return last_applied(last, converged(cluster), CLUSTER, cluster)


@dataclass(frozen=True)
class Change:
    """What is known of the cluster, None before the first run, and what is wanted of it."""

    known: State | None
    wanted: State
    leaders: Leaders
    source: Source
    """Where the playbooks come from."""
    last_variables: str = field(default="", repr=False)
    """The secret variables of the last run, as JSON. Secret: only names are shown."""

    def refuse_what_cannot_be_done(self) -> None:
        """Raise pulumi.RunError with every such change; to be called before any resource is declared."""
        problems = refusals(self.known, self.wanted)
        if problems:
            raise pulumi.RunError(str(ConfigError(problems)))

    def announce(self, resource: pulumi.Resource, variables: str) -> None:
        """Say which playbooks will run, in the preview and in the update; `variables` are the secret ones, as JSON."""
        if self.known is not None and self.known.deployer != self.wanted.deployer:
            pulumi.log.info(f"{self.wanted.deployer} takes over from {self.known.deployer} as deployer", resource)
        steps = plan(self.known, self.wanted, changed_names(self.last_variables, variables))
        if steps:
            lines = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
            pulumi.log.info(f"Kubespray will run:{lines}", resource)


def change_of(cluster: str, spec: Spec, known: State | None, last: LastUpdate) -> Change:
    """Return what has to change for the cluster of this name; `known` is what is applied to it."""
    source = playbook_source(spec.kubernetes.kubespray)
    wanted = declared(spec, source.revision, known)
    return Change(known, wanted, leaders(spec, known), source, last_variables(last, converged(cluster)))
