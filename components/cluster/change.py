"""From what the last `pulumi up` brought about to what is declared: told in the preview, refused where it cannot be.

No host is asked. The deployer compares again with what it knows, and decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi

from components.model.convergence.plan import plan
from components.model.convergence.refusals import refusals
from components.model.convergence.state import State, from_data
from components.model.problems import ConfigError
from components.remote.last_update import LastUpdate


@dataclass(frozen=True)
class Change:
    """What is known of the cluster, None before the first run, and what is wanted of it."""

    known: State | None
    wanted: State

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

    @property
    def result(self) -> State:
        """What is known when all has ended well."""
        order = (self.known or self.wanted).wants(self.wanted)
        return replace(self.wanted, order=tuple(name for name in order if name in self.wanted.members))


def last_applied(last: LastUpdate, type_token: str, name: str) -> State | None:
    """Return the output `applied` of a component as the stack's state has it; None where there is none yet."""
    applied = last.outputs(type_token, name).get("applied")
    return from_data(applied) if isinstance(applied, Mapping) else None
