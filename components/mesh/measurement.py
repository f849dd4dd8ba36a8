"""The paths between sites are measured, once they are there: by one command, on the deployer.

It runs when a path between the measuring nodes becomes another one, or `mesh.measurement` another text. Whatever it
finds, and whether it can, is told and is no failure.
"""

import json
from dataclasses import dataclass

import pulumi
from pulumi_command.remote import Command

from components.mesh.tunnel import occasion
from components.model.cluster.etcd_timers import too_slow
from components.model.mesh.links import NOTHING_MEASURED, Measured, measured, measurement_plan, ways
from components.model.plan import Plan
from components.model.report.etcd_warning import etcd_warning
from components.model.report.link_table import links_table, narrow_note
from components.model.spec import Spec
from components.remote.commands import COMMAND, Script, command
from components.remote.connection import Host
from components.remote.last_update import LastUpdate
from components.remote.uploads import digest

MEASURE = Script("node", "measure.sh", limit=300)


@dataclass(frozen=True)
class Measurement:
    """What comes of it."""

    done: list[Command]
    """What others wait for: nothing else runs on the hosts meanwhile. Empty with one site."""
    result: pulumi.Output[Measured]
    """Unknown in a preview when they are going to be measured."""
    known: Measured
    """Those of the last run."""


def measure(
    mesh: pulumi.Resource,
    name: str,
    plan: Plan,
    deployer: Host,
    deployer_key: pulumi.Output[str],
    after: list[Command],
    last_update: LastUpdate,
) -> Measurement:
    """Return the measurement of a mesh.

    `deployer` is the host that measures, `deployer_key` its private SSH key, secret; `after` verifies the mesh.
    """
    spec, routes = plan.spec, plan.routes
    if len(spec.sites) < 2:
        return Measurement([], pulumi.Output.from_input(NOTHING_MEASURED), NOTHING_MEASURED)
    last = last_update.outputs(COMMAND, name).get("stdout")
    known = measured(spec, routes, last if isinstance(last, str) else "")
    if pulumi.runtime.is_dry_run():
        _warn(spec, known, mesh)
    words = [digest({"ways": ways(spec, routes).encode()}), *occasion(spec.mesh.measurement)]
    done = command(
        name,
        deployer,
        create=MEASURE.line(deployer, *words),
        stdin=pulumi.Output.secret(pulumi.Output.concat(json.dumps(measurement_plan(spec)), "\n", deployer_key)),
        opts=pulumi.ResourceOptions(parent=mesh, depends_on=after, additional_secret_outputs=["stdin"]),
    )

    def tell(printed: str | None) -> Measured:
        result = measured(spec, routes, printed or "")
        if pulumi.runtime.is_dry_run():
            return result
        if printed != last:
            for problem in result.problems:
                pulumi.log.warn(f"not all could be measured: {problem}", mesh)
            if result.links:
                note = narrow_note(result.narrowest, spec.mesh.mtu)
                tables = "\n\n".join(filter(None, [links_table(result.links), note]))
                pulumi.log.info(f"Measured between sites:\n{tables}", mesh)
        _warn(spec, result, mesh)
        return result

    return Measurement([done], done.stdout.apply(tell), known)


def _warn(spec: Spec, result: Measured, mesh: pulumi.Resource) -> None:
    slow = too_slow(spec, result.links)
    if slow:
        pulumi.log.warn(etcd_warning(slow), mesh)
