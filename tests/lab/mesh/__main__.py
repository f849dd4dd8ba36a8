"""The program's mesh without a cluster, for tests of routes: where Kubespray would run, one command runs on one host."""

import pulumi

from components.mesh.key import Key, ssh
from components.mesh.measurement import measure
from components.mesh.mesh import Mesh
from components.model.cluster.leaders import leaders
from components.model.overview import overview_of
from components.model.report.service_tables import services_data
from components.program.config import load
from components.program.documents import documents
from components.remote.commands import command
from components.remote.last_update import last_update
from components.remote.uploads import ROOT

config = pulumi.Config()
plan, access, _ = load(config, others=True)
spec, overview = plan.spec, overview_of(plan)
last = last_update()
work = ROOT / pulumi.get_stack()
deployer = leaders(spec, None).deployer
deployer_key = Key("deployer", spec.mesh.rotation, ssh)
mesh = Mesh("mesh", plan, access, deployer, deployer_key.public, last, work)
measurement = measure(mesh, plan, deployer, deployer_key.private, last)
hosts = {node.spec.name: node.host for node in mesh.nodes}
drained = command(
    "drained",
    hosts[config.require("drainedFrom")],
    create=config.require("draining"),
    opts=pulumi.ResourceOptions(depends_on=mesh.ready),
)
mesh.prune(after=drained)
pulumi.export("links", measurement.result.apply(lambda result: [link.data() for link in result.links]))
pulumi.export("readme", documents(mesh, overview, measurement, work))
if spec.services:
    pulumi.export("services", services_data(overview))
pulumi.export("clients", pulumi.Output.secret(pulumi.Output.all(**mesh.clients)))
