"""Another program with two meshes, each with its cluster. It uses the public names of `components` only."""

import json

import pulumi

from components import Cluster, Mesh, declare

config = pulumi.Config("stretched")
sections = {name: json.loads(config.require(name)) for name in ("mesh", "ssh", "kubernetes", "sites")}

for name in ("atlas", "belle"):
    declaration = declare(sections, cluster=f"{name}-kubernetes")
    mesh = Mesh(
        name,
        {
            "plan": declaration.plan,
            "deployer": declaration.deployer,
            "last": declaration.last,
            "private_key": config.get_secret("key"),
        },
    )
    cluster = Cluster(
        f"{name}-kubernetes",
        {
            "mesh": mesh,
            "change": declaration.change,
            "secret_variables": {"registry_password": pulumi.Output.secret("x")},
        },
    )
    mesh.prune(after=cluster.converged)
    pulumi.export(f"{name}-kubeconfig", cluster.kubeconfig)
