"""From what the last `pulumi up` brought about to what is declared: told in the preview, refused where it cannot be.

No host is asked. The deployer compares again with what it knows, and decides.
"""

from dataclasses import dataclass

import pulumi

from components.model.cluster.leaders import Leaders
from components.model.convergence.plan import plan
from components.model.convergence.refusals import refusals
from components.model.convergence.state import State
from components.model.problems import ConfigError


@dataclass(frozen=True)
class Change:
    """What is known of the cluster, None before the first run, and what is wanted of it."""

    known: State | None
    wanted: State
    leaders: Leaders

    def refuse_what_cannot_be_done(self) -> None:
        """Raise pulumi.RunError with every such change; to be called before any resource is declared."""
        problems = refusals(self.known, self.wanted)
        if problems:
            raise pulumi.RunError(str(ConfigError(problems)))

    def announce(self, resource: pulumi.Resource) -> None:
        """Say which playbooks will run, in the preview and in the update."""
        if self.known is not None and self.known.deployer != self.wanted.deployer:
            pulumi.log.info(f"{self.wanted.deployer} takes over from {self.known.deployer} as deployer", resource)
        steps = plan(self.known, self.wanted)
        if steps:
            lines = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
            pulumi.log.info(f"Kubespray will run:{lines}", resource)
