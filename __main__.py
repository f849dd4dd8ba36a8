"""One Kubernetes cluster stretched over many sites: configuration -> model -> components -> outputs."""

import pulumi

from components.cluster.cluster import Cluster, change_of
from components.cluster.playbooks import playbook_source
from components.mesh.key import Key, ssh
from components.mesh.measurement import measure
from components.mesh.mesh import Mesh
from components.model.cluster.inventory import inventory, to_yaml
from components.model.overview import overview_of
from components.model.report.service_tables import services_data
from components.program.config import load
from components.program.documents import documents
from components.remote.last_update import last_update
from components.remote.uploads import ROOT

plan, access, secret_variables = load(pulumi.Config())
spec = plan.spec
work = ROOT / pulumi.get_stack()
source = playbook_source(spec.kubernetes.kubespray)
last = last_update()
change = change_of("cluster", spec, source, last)
change.refuse_what_cannot_be_done()

deployer = change.leaders.deployer
deployer_key = Key("deployer", spec.mesh.rotation, ssh)
mesh = Mesh("mesh", plan, access, deployer, deployer_key.public, last, work)
measurement = measure(mesh, plan, deployer, deployer_key.private, last)
cluster = Cluster("cluster", spec, mesh, deployer_key, secret_variables, source, change, measurement.done, work)
mesh.prune(after=cluster.converged)

overview = overview_of(plan)
guide = documents(mesh, overview, measurement, work)

pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("nodes", {node.name: {"site": node.site, "institution": node.institution, "address": str(node.address),
                                    "roles": list(node.roles)} for node in spec.nodes})  # fmt: skip
pulumi.export(
    "mesh",
    {
        node.name: {
            "publicKey": mesh.public_keys[node.name],
            "endpoint": ", ".join(map(str, node.endpoints)) or None,
        }
        for node in spec.nodes
    },
)
pulumi.export("inventory", to_yaml(inventory(spec, change.leaders.order)))
if spec.clients:
    pulumi.export("clients", pulumi.Output.secret(pulumi.Output.all(**mesh.clients)))
if spec.services:
    pulumi.export("services", services_data(overview))
pulumi.export("links", measurement.result.apply(lambda result: [link.data() for link in result.links]))
pulumi.export("readme", guide)
