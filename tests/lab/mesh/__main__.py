"""The program's mesh without a cluster, for tests of routes: where Kubespray would run, one command runs on one host."""

import pulumi

from components.mesh.key import Key, ssh
from components.mesh.measurement import measure
from components.mesh.mesh import Mesh
from components.model.mesh.routing import route
from components.model.report.service_tables import services_data
from components.program.config import load
from components.program.documents import documents
from components.remote.commands import command
from components.remote.uploads import ROOT

config = pulumi.Config()
spec, access, _ = load(config, others=True)
routes = route(spec)
work = ROOT / pulumi.get_stack()
deployer_key = Key("deployer", spec.mesh.rotation, ssh)
mesh = Mesh("mesh", spec, routes, access, deployer_key.public, work)
measurement = measure(mesh, spec, routes, deployer_key.private)
hosts = {node.spec.name: node.host for node in mesh.nodes}
drained = command(
    "drained",
    hosts[config.require("drainedFrom")],
    create=config.require("draining"),
    opts=pulumi.ResourceOptions(depends_on=mesh.ready),
)
mesh.prune(after=drained)
pulumi.export("links", measurement.links.apply(lambda links: [link.data() for link in links]))
pulumi.export("readme", documents(mesh, spec, routes, measurement, work))
if spec.services:
    pulumi.export("services", services_data(spec, routes))
pulumi.export("clients", pulumi.Output.secret(pulumi.Output.all(**mesh.clients)))
