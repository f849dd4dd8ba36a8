"""Checks of the roles of nodes, and of the Kubernetes version."""

import re

from components.model.check.paths import path_of
from components.model.problems import Problems, printable, shown
from components.model.spec import CONTROL_PLANE, ETCD, Spec

_VERSION = re.compile(r"1\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})")


def check_roles(spec: Spec, problems: Problems) -> None:
    """Report roles that do not make a cluster, and a deployer or first control-plane node that is not declared."""
    _counts(spec, problems)
    for node in spec.nodes:
        if not node.roles and not problems.at(path_of(node, "roles")):
            problems.add(
                "empty",
                path_of(node, "roles"),
                "is empty",
                "write some of control-plane, etcd, worker, or leave it out",
            )
    kubernetes = spec.kubernetes
    if kubernetes.version and not _VERSION.fullmatch(kubernetes.version):
        problems.add(
            "not-a-version",
            "kubernetes.version",
            f"{shown(kubernetes.version)} is not a version",
            'write it whole and without a v: "1.35.4"',
        )
    names = [node.name for node in spec.nodes]
    if kubernetes.deployer and kubernetes.deployer not in names:
        problems.add(
            "not-a-node",
            "kubernetes.deployer",
            f"{printable(kubernetes.deployer)} is not a declared node",
            "write the name of a node",
        )
    first = kubernetes.first_control_plane
    if first and first not in [node.name for node in spec.with_role(CONTROL_PLANE)]:
        problems.add(
            "not-a-control-plane",
            "kubernetes.firstControlPlane",
            f"{printable(first)} is not a declared control-plane node",
            "write the name of one",
        )


def _counts(spec: Spec, problems: Problems) -> None:
    if any(problems.at(path_of(node, "roles")) for node in spec.nodes):
        return  # who has which role is not known
    if spec.nodes and not spec.with_role(CONTROL_PLANE):
        problems.add(
            "no-control-plane",
            "sites",
            "no node has the role control-plane",
            f"give one node `roles: [{CONTROL_PLANE}, {ETCD}]`",
        )
    members = spec.with_role(ETCD)
    if spec.nodes and len(members) % 2 == 0:
        names = ", ".join(node.name for node in members)
        problems.add(
            "even-etcd",
            "sites",
            f"{len(members)} nodes have the role etcd: {names}" if members else "no node has the role etcd",
            "an even number adds no safety and Kubespray refuses it: give the role to 1, 3 or 5 nodes",
        )
