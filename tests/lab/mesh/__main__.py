"""The program's mesh without a cluster, for tests of routes: where Kubespray would run, one command runs on one host.

With `forKubernetes` hosts are prepared as if a cluster followed.
"""

import pulumi

from components import Mesh
from components.model.overview import overview_of
from components.program.config import load
from components.program.documents import documents
from components.program.outputs import outputs_of_mesh
from components.remote.commands import command

config = pulumi.Config()
configuration = load(config, others=True)
declaration = configuration.declaration
overview = overview_of(declaration.plan)
mesh = Mesh(
    "mesh",
    {
        "plan": declaration.plan,
        "deployer": declaration.deployer,
        "last": declaration.last,
        "kubernetes": config.get_bool("forKubernetes") or False,
    },
)
drained = command(
    "drained",
    mesh.host(config.require("drainedFrom")),
    create=config.require("draining"),
    opts=pulumi.ResourceOptions(depends_on=mesh.ready),
)
mesh.prune(after=drained)
for name, value in outputs_of_mesh(overview, mesh).items():
    pulumi.export(name, value)
pulumi.export("readme", documents(mesh, overview))
