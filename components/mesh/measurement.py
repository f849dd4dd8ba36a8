"""The measurement of the paths between sites: one command on the deployer, after the mesh is verified.

It runs again when a path between the measuring nodes changes, or the text `mesh.measurement`. It never fails: results
and problems are logged.
"""

import json
from dataclasses import dataclass

import pulumi
from pulumi_command.remote import Command

from components.mesh.tunnel import measurement_words
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
    """The command and its results."""

    done: list[Command]
    """The command, on which others depend, so that nothing else runs on the hosts meanwhile. Empty with one site."""
    result: pulumi.Output[Measured]
    """The results. Unknown in a preview when the command will run."""
    known: Measured
    """The results of the last run."""


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

    `name` is the name of the command; `deployer` is the host that runs it, `deployer_key` its private SSH key, secret;
    `after` are the commands that verify the mesh.
    """
    spec, routes = plan.spec, plan.routes
    if len(spec.sites) < 2:
        return Measurement([], pulumi.Output.from_input(NOTHING_MEASURED), NOTHING_MEASURED)
    last_output = last_update.outputs(COMMAND, name).get("stdout")
    known = measured(spec, routes, last_output if isinstance(last_output, str) else "")
    if pulumi.runtime.is_dry_run():
        _warn(spec, known, mesh)
    words = [digest({"ways": ways(spec, routes).encode()}), *measurement_words(spec.mesh.measurement)]
    done = command(
        name,
        deployer,
        create=MEASURE.line(deployer, *words),
        stdin=pulumi.Output.secret(pulumi.Output.concat(json.dumps(measurement_plan(spec)), "\n", deployer_key)),
        opts=pulumi.ResourceOptions(parent=mesh, depends_on=after, additional_secret_outputs=["stdin"]),
    )

    def report(output: str | None) -> Measured:
        result = measured(spec, routes, output or "")
        if pulumi.runtime.is_dry_run():
            return result
        if output != last_output:
            for problem in result.problems:
                pulumi.log.warn(f"not all paths could be measured: {problem}", mesh)
            if result.links:
                note = narrow_note(result.narrowest, spec.mesh.mtu)
                tables = "\n\n".join(filter(None, [links_table(result.links), note]))
                pulumi.log.info(f"Measured between sites:\n{tables}", mesh)
        _warn(spec, result, mesh)
        return result

    return Measurement([done], done.stdout.apply(report), known)


def _warn(spec: Spec, result: Measured, mesh: pulumi.Resource) -> None:
    slow = too_slow(spec, result.links)
    if slow:
        pulumi.log.warn(etcd_warning(slow), mesh)
