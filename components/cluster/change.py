"""From what the last `pulumi up` brought about to what is declared: told in the preview, refused where it cannot be.

No host is asked. The deployer compares again with what it knows, and decides.
"""

from dataclasses import dataclass, field

import pulumi

from components.model.cluster.leaders import Leaders
from components.model.convergence.refusals import refusals
from components.model.convergence.secret_variables import changed_names
from components.model.convergence.state import State
from components.model.convergence.steps import plan
from components.model.problems import ConfigError


@dataclass(frozen=True)
class Change:
    """What is known of the cluster, None before the first run, and what is wanted of it."""

    known: State | None
    wanted: State
    leaders: Leaders
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
