"""What Kubespray changes on hosts besides what it installs."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.model.cluster.kubespray_variables import SELINUX_AS_IT_IS, group_vars
from components.model.spec import Spec


@dataclass(frozen=True)
class HostChanges:
    """What becomes of some hosts; where they differ, that of those that change more."""

    hosts: tuple[str, ...]
    selinux: tuple[str, ...]
    """States that the users' variables name; empty: it stays as it is on each host."""
    stops_fapolicyd: bool
    stops_swap: bool


def host_changes(spec: Spec, names: Sequence[str]) -> HostChanges:
    """Return the changes on the nodes with these names."""
    every = group_vars(spec)
    hosts = [{**every, **spec.node(name).variables} for name in names]
    states = {str(variables["preinstall_selinux_state"]) for variables in hosts}
    return HostChanges(
        tuple(names),
        tuple(sorted(states - {SELINUX_AS_IT_IS})),
        any(variables["disable_fapolicyd"] is not False for variables in hosts),
        any(variables.get("kubelet_fail_swap_on", True) is not False for variables in hosts),
    )
