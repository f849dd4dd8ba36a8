"""Kubernetes on the mesh: a deployer runs the playbooks over wg0 and hands out the kubeconfig."""

from pathlib import Path

import pulumi
from pulumi_command.remote import Command

from components import rendered
from components.key import Key
from components.mesh import Mesh
from components.model.kubeconfig import for_users
from components.model.render.group_vars import group_vars
from components.model.render.inventory import inventory, to_yaml
from components.model.render.known_hosts import known_hosts
from components.model.spec import Kubespray, Spec
from components.remote import Script, command, directory, upload

SCRIPTS = Path(__file__).parent / "scripts" / "deployer"
DEPLOY = Script("playbooks/deploy.sh", limit=3 * 3600)


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
        work: Path,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`deployer_key` lets the deployer into all nodes; `work` is where files for upload are rendered."""
        super().__init__("stretched:index:Cluster", name, None, opts)
        host = {node.spec.name: node.host for node in mesh.nodes}[spec.kubernetes.deployer]
        playbooks = playbook_files(spec.kubernetes.kubespray)
        declared = inventory_files(spec)
        revision = rendered.digest({**playbooks, **declared})
        uploads = [
            upload(
                f"{name}-{part}",
                host,
                directory(work / "cluster" / part, files),
                pulumi.ResourceOptions(parent=self, depends_on=[mesh.answered]),
            )
            for part, files in (("playbooks", playbooks), ("inventory", declared))
        ]
        self.converged = command(
            f"{name}-converged",
            host,
            create=DEPLOY.line(host, "converge", revision),
            delete=DEPLOY.line(host, "remove"),
            stdin=deployer_key.private,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*uploads, *mesh.verified], additional_secret_outputs=["stdin"]
            ),
        )
        admin_conf = command(
            f"{name}-kubeconfig",
            host,
            create=DEPLOY.line(host, "kubeconfig", revision),
            secret=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.converged]),
        )
        address = spec.kubernetes.api_address or str(spec.with_role("control-plane")[0].address)
        self.kubeconfig = pulumi.Output.secret(
            admin_conf.stdout.apply(lambda text: for_users(text, address, pulumi.get_stack()))
        )
        self.register_outputs({})


def playbook_files(source: Kubespray) -> dict[str, bytes]:
    """Return what the deployer needs to get and run the playbooks: scripts, and a tree or the name of a commit."""
    files = rendered.read_directory(SCRIPTS)
    if source.directory is not None:
        files["source.tar.gz"] = rendered.archive(source.directory.expanduser())
    else:
        files["source.git"] = f"{source.repository}\n{source.commit}\n".encode()
    if source.wheelhouse is not None:
        files["wheels.tar.gz"] = rendered.archive(source.wheelhouse.expanduser())
    return files


def inventory_files(spec: Spec) -> dict[str, bytes]:
    """Return the inventory directory: hosts and groups, variables, host keys, and the names of the nodes."""
    return {
        "hosts.yml": to_yaml(inventory(spec)).encode(),
        "group_vars/all/stretched.yml": to_yaml(group_vars(spec)).encode(),
        "known_hosts": known_hosts(spec).encode(),
        "nodes": "".join(f"{node.name}\n" for node in spec.nodes).encode(),
    }
