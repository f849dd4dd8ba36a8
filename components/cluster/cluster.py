"""Kubernetes on the mesh: a deployer runs the playbooks over wg0 and hands out the kubeconfig."""

from collections.abc import Sequence
from pathlib import Path

import pulumi
from pulumi_command.remote import Command, Logging

from components.cluster.applied import kept, last_applied
from components.cluster.change import Change
from components.cluster.deployer_input import last_variables, standard_input
from components.cluster.playbooks import Source, deployer_files, inventory_files
from components.mesh.key import Key
from components.mesh.mesh import Mesh
from components.model.cluster.declared import declared, readable
from components.model.cluster.leaders import leaders
from components.model.files.kubeconfig import for_users
from components.model.spec import Endpoint, Spec, defaults
from components.remote.bundles import bundle
from components.remote.commands import Script, command
from components.remote.last_update import LastUpdate
from components.remote.uploads import archive, upload

TYPE = "stretched:index:Cluster"
DEPLOY = Script("playbooks", "deploy.sh", limit=3 * 3600)


class Cluster(pulumi.ComponentResource):
    """The Kubernetes cluster.

    `kubeconfig` is secret; after the command `converged` the cluster is as declared.
    """

    kubeconfig: pulumi.Output[str]
    converged: Command

    def __init__(
        self,
        name: str,
        spec: Spec,
        mesh: Mesh,
        deployer_key: Key,
        secret_variables: pulumi.Output[str],
        source: Source,
        change: Change,
        after: Sequence[pulumi.Resource],
        work: Path,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`deployer_key` lets the deployer into all nodes; `secret_variables` is a JSON object of Kubespray variables.

        `source` is where the playbooks come from, `change` what they shall bring about, `after` what they wait for
        besides the mesh; `work` is where files for upload are rendered.
        """
        super().__init__(TYPE, name, None, opts)
        secret_variables.apply(lambda variables: change.announce(self, variables))
        deployer = change.leaders.deployer
        host = {node.spec.name: node.host for node in mesh.nodes}[deployer]
        playbooks = bundle(DEPLOY.kind, {**deployer_files(), **source.files})
        inventory = bundle("inventory", inventory_files(spec, change.wanted))
        uploads = [
            upload(
                f"{name}-{part.kind}",
                host,
                archive(work, (part,), deployer),
                pulumi.ResourceOptions(parent=self, depends_on=[mesh.answered]),
            )
            for part in (playbooks, inventory)
        ]
        lines = [part.take_over(host, deployer) for part in (playbooks, inventory)]
        lines.append(DEPLOY.line(host, "converge", inventory.name, of=playbooks))
        self.converged = command(
            f"{name}-converged",
            host,
            create=" && ".join(lines) + _as_comment(readable(change.wanted, source.revision)),
            delete=DEPLOY.line_for_delete(host),
            stdin=standard_input(deployer_key.private, secret_variables),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*uploads, *mesh.ready, *after], additional_secret_outputs=["stdin"]
            ),
            logging=Logging.STDERR,
        )
        admin_conf = command(
            f"{name}-kubeconfig",
            host,
            create=DEPLOY.line(host, "kubeconfig", f"{playbooks.name}-{inventory.name}"),
            secret=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.converged]),
        )
        api = spec.kubernetes.api or Endpoint(str(spec.node(change.leaders.first).address), defaults.API_PORT)
        self.kubeconfig = pulumi.Output.secret(
            admin_conf.stdout.apply(lambda text: for_users(text, api, pulumi.get_stack()))
        )
        self.register_outputs({"applied": self.converged.stdout.apply(lambda stdout: kept(stdout, change.known))})


def _as_comment(text: str) -> str:
    """Return lines to put behind a command: what changes in them, a preview shows line by line."""
    return "\n" + "".join(f"# {line}\n" for line in text.splitlines())


def change_of(name: str, spec: Spec, source: Source, last: LastUpdate) -> Change:
    """Return what has to change for the cluster of this name to be as declared."""
    command = f"{name}-converged"
    known = last_applied(last, command, TYPE, name)
    wanted = declared(spec, source.revision, known)
    return Change(known, wanted, leaders(spec, known), last_variables(last, command))
