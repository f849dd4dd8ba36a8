"""Pulumi components: a WireGuard mesh of hosts at many sites, and a Kubernetes cluster on it.

A program uses them like this:

declaration = declare({"mesh": {...}, "ssh": {...}, "kubernetes": {...}, "sites": {...}})
mesh = Mesh("mesh", {"plan": declaration.plan, "deployer": declaration.deployer, "last": declaration.last})
cluster = Cluster("cluster", {"mesh": mesh, "change": declaration.change})
mesh.prune(after=cluster.converged)
"""

from components.cluster.cluster import Cluster, ClusterArgs
from components.mesh.mesh import Mesh, MeshArgs
from components.program.declaration import Declaration, declare

__all__ = ("Cluster", "ClusterArgs", "Declaration", "Mesh", "MeshArgs", "declare")
