"""Checks of the ranges of mesh, pods and services."""

from itertools import combinations

from components.model.problems import Problems
from components.model.spec import Spec
from components.model.spec.placeholders import MISSING_NETWORK


def check_networks(spec: Spec, problems: Problems) -> None:
    """Note ranges that overlap or are too small."""
    networks = {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
    for (one, a), (other, b) in combinations(networks.items(), 2):
        if MISSING_NETWORK not in (a, b) and a.overlaps(b):
            problems.add("overlap", other, f"{b} overlaps {one} {a}", "choose ranges that have no address in common")
    _room(spec, problems)


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
