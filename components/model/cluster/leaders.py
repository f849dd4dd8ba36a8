"""Which node runs the playbooks, and which control-plane node is the first: as declared, else as in the last run."""

from dataclasses import dataclass

from components.model.convergence.state import State, in_order
from components.model.spec import CONTROL_PLANE, Spec


@dataclass(frozen=True)
class Leaders:
    """Names of nodes. Both are empty only where no node is of the control plane."""

    deployer: str
    """Runs the playbooks."""
    first: str
    """The first control-plane node: the kubeconfig names it where no `kubernetes.apiAddress` is declared."""
    order: tuple[str, ...]
    """All declared nodes as Kubespray's groups have them: the first leads, new ones come last."""


def leaders(spec: Spec, known: State | None) -> Leaders:
    """Return the leaders and the order in force; `known` is what is applied, None before the first run.

    A name that comes earlier in the alphabet moves neither. Before the first run both are the first by alphabet.
    """
    kubernetes = spec.kubernetes
    names = [node.name for node in spec.nodes]
    control_plane = {node.name for node in spec.with_role(CONTROL_PLANE)}
    applied = known.order if known is not None and known.installed else ()
    order = tuple(name for name in in_order(applied, names, kubernetes.first_control_plane) if name in names)
    first = next((name for name in order if name in control_plane), "")
    kept = known.deployer if known is not None and known.deployer in names else ""
    alphabetical = next((name for name in names if name in control_plane), "")
    return Leaders(kubernetes.deployer or kept or alphabetical, first, order)
