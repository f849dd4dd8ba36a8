"""The specification: frozen values of what is declared. They have look-ups, and no other behaviour."""

from components.model.spec.client import Client
from components.model.spec.endpoint import Endpoint
from components.model.spec.firewall import NO_FIREWALL, Firewall
from components.model.spec.kubernetes import Kubernetes, Kubespray
from components.model.spec.mesh import Mesh
from components.model.spec.node import CONTROL_PLANE, ETCD, ROLES, WORKER, Node
from components.model.spec.service import Service
from components.model.spec.site import Site
from components.model.spec.specification import Spec
from components.model.spec.ssh import Bastion, SshTarget, known_name

__all__ = (
    "CONTROL_PLANE",
    "ETCD",
    "NO_FIREWALL",
    "ROLES",
    "WORKER",
    "Bastion",
    "Client",
    "Endpoint",
    "Firewall",
    "Kubernetes",
    "Kubespray",
    "Mesh",
    "Node",
    "Service",
    "Site",
    "Spec",
    "SshTarget",
    "known_name",
)
