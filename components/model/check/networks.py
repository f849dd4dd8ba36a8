"""Checks of the ranges of mesh, pods and services."""

from itertools import combinations

from components.model.problems import Problems
from components.model.spec import Spec
from components.model.spec.placeholders import MISSING_NETWORK


def check_networks(spec: Spec, problems: Problems) -> None:
    """Report ranges that overlap or are too small."""
    networks = {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
    for (one, a), (other, b) in combinations(networks.items(), 2):
        if MISSING_NETWORK not in (a, b) and a.overlaps(b):
            problems.add("overlap", other, f"{b} overlaps {one} {a}", "choose ranges that have no address in common")
    _room(spec, problems)
    _limits(spec, problems)


def _limits(spec: Spec, problems: Problems) -> None:
    """Report ranges that are too small for a mesh, or that the API server or the controller manager refuses."""
    mesh, services = spec.mesh.cidr, spec.kubernetes.service_cidr
    pods, prefix = spec.kubernetes.pod_cidr, spec.kubernetes.node_prefix
    if mesh != MISSING_NETWORK and mesh.prefixlen > 30:
        problems.add("no-room", "mesh.cidr", f"{mesh} has no room for two hosts", "write /30 or larger")
    if services != MISSING_NETWORK and not 12 <= services.prefixlen <= 28:
        what = f"{services} is not from /12 to /28, as Kubernetes needs it"
        problems.add("not-usable", "kubernetes.serviceCidr", what, "write for example 10.233.0.0/18")
    if pods != MISSING_NETWORK and prefix - pods.prefixlen > 16:
        what = f"{pods} has more than 2^16 parts of /{prefix}, which Kubernetes refuses"
        problems.add("not-usable", "kubernetes.podCidr", what, "choose a smaller range, or a shorter nodePrefix")


def _room(spec: Spec, problems: Problems) -> None:
    pods, prefix = spec.kubernetes.pod_cidr, spec.kubernetes.node_prefix
    if pods == MISSING_NETWORK:
        return
    room = 2 ** (prefix - pods.prefixlen) if prefix >= pods.prefixlen else 0
    if room < len(spec.nodes):
        problems.add(
            "no-room",
            "kubernetes.podCidr",
            f"{pods} has room for {room} nodes of /{prefix}, {len(spec.nodes)} are declared",
            "choose a larger range, or a longer nodePrefix",
        )
