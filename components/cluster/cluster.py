"""The Kubernetes cluster on a mesh: the deployer runs the playbooks over wg0 and returns the kubeconfig."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, Logging

from components.cluster.applied import kept
from components.cluster.change import CLUSTER, Change, converged
from components.cluster.deployer_input import standard_input
from components.cluster.playbooks import deployer_files, inventory_files
from components.mesh.mesh import Mesh
from components.model.cluster.ports import api_port
from components.model.files.kubeconfig import for_users
from components.model.report.declared_lines import readable
from components.model.spec import Endpoint
from components.remote.bundles import bundle
from components.remote.commands import Script, command
from components.remote.uploads import archive, upload

DEPLOY = Script("playbooks", "deploy.sh", limit=3 * 3600)


class ClusterArgs(TypedDict):
    """Arguments of Cluster."""

    mesh: Mesh
    change: Change
    """The change to make, as `components.declare` returns it. A preview needs its value, so it is no Input."""
    secret_variables: NotRequired[pulumi.Input[Mapping[str, object]]]
    """Secret Kubespray variables by name. Secret."""


class Cluster(pulumi.ComponentResource):
    """The Kubernetes cluster on a mesh.

    Deleting it removes Kubernetes from all hosts; Pulumi refuses that unless the declaration has `protect: false`.
    """

    kubeconfig: pulumi.Output[str]
    """The administrator's kubeconfig as YAML. Secret."""
    converged: Command
    """The command that runs the playbooks; once it has succeeded, the cluster matches the declaration."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(CLUSTER, name, None, opts)
        mesh, change = args["mesh"], args["change"]
        spec, source = mesh.plan.spec, change.source
        variables: pulumi.Output[str] = pulumi.Output.json_dumps(args.get("secret_variables") or {}, sort_keys=True)
        secret_variables: pulumi.Output[str] = pulumi.Output.secret(variables)
        secret_variables.apply(lambda variables: change.announce(self, variables))
        change.announce_new_hosts(self, spec)
        deployer = change.leaders.deployer
        host = mesh.host(deployer)
        playbooks = bundle(DEPLOY.kind, {**deployer_files(), **source.files})
        inventory = bundle("inventory", inventory_files(spec, change.wanted))
        # One after the other, and after the node's own: all make the same directory on the host, where SFTP cannot tell
        # that another one makes it at the same moment.
        uploads = [mesh.uploaded(deployer)]
        for part in (playbooks, inventory):
            content = archive(mesh.work, (part,), deployer)
            options = pulumi.ResourceOptions(parent=self, depends_on=[uploads[-1]])
            uploads.append(upload(f"{name}-{part.kind}", host, content, options))
        lines = [part.take_over(host, deployer) for part in (playbooks, inventory)]
        lines.append(DEPLOY.line(host, "converge", inventory.name, of=playbooks))
        self.converged = command(
            converged(name),
            host,
            create=" && ".join(lines) + _as_comment(readable(change.wanted, source.revision)),
            delete=DEPLOY.line_for_delete(host, deployer),
            stdin=standard_input(mesh.deployer_key.private, secret_variables),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*uploads, *mesh.ready, *mesh.measurement.done],
                additional_secret_outputs=["stdin"],
                protect=spec.protect,
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
        api = spec.kubernetes.api or Endpoint(str(spec.node(change.leaders.first).address), api_port(spec.kubernetes))
        self.kubeconfig = pulumi.Output.secret(
            admin_conf.stdout.apply(lambda text: for_users(text, api, pulumi.get_stack()))
        )
        self.register_outputs({"applied": self.converged.stdout.apply(lambda stdout: kept(stdout, change.known))})


def _as_comment(text: str) -> str:
    """Return text as comment lines for the end of a command, so that a preview shows changes line by line."""
    return "\n" + "".join(f"# {line}\n" for line in text.splitlines())
