"""One Kubernetes cluster stretched over many sites: configuration -> declaration -> components -> outputs."""

import pulumi

from components import Cluster, Mesh
from components.model.overview import overview_of
from components.program.config import load
from components.program.declaration import CLUSTER
from components.program.documents import documents
from components.program.outputs import outputs_of_cluster, outputs_of_mesh

configuration = load(pulumi.Config())
declaration = configuration.declaration

mesh = Mesh(
    "mesh",
    {
        "plan": declaration.plan,
        "deployer": declaration.deployer,
        "last": declaration.last,
    },
)
cluster = Cluster(
    CLUSTER,
    {"mesh": mesh, "change": declaration.change, "secret_variables": configuration.secret_variables},
)
mesh.prune(after=cluster.converged)

overview = overview_of(declaration.plan)
outputs = outputs_of_mesh(overview, mesh) | outputs_of_cluster(cluster, declaration.change, overview.spec)
for name, value in outputs.items():
    pulumi.export(name, value)
pulumi.export("readme", documents(mesh, overview))
