"""Checks of the users' own Kubespray variables."""

from collections.abc import Iterable, Mapping

from components.model.check.paths import path_of
from components.model.cluster.kubespray_variables import OWN_VARIABLES
from components.model.problems import Problems
from components.model.spec import Spec
from components.model.values.word import is_variable


def check_variables(spec: Spec, problems: Problems) -> None:
    """Report variables of the cluster and of nodes that the program sets itself, or that Ansible refuses."""
    places = [("kubernetes", "kubernetes.variables", spec.kubernetes.variables)]
    places += [(node.site, path_of(node, "variables"), node.variables) for node in spec.nodes]
    refuse_variables(places, problems)


def refuse_variables(places: Iterable[tuple[str, str, Mapping[str, object]]], problems: Problems) -> None:
    """Report variables that the program sets itself, and names that Ansible refuses.

    A place is a group, a path and the variables there. A site's variable is in all its nodes: it is reported once
    in a group.
    """
    seen: set[tuple[str, str]] = set()
    for group, path, variables in places:
        for name in variables:
            if (group, name) in seen or (name not in OWN_VARIABLES and is_variable(name)):
                continue
            seen.add((group, name))
            if name in OWN_VARIABLES:
                what = f"is set by the program ({OWN_VARIABLES[name]})"
                problems.add("own-variable", f"{path}.{name}", what, "remove it")
            else:
                what = "is not a name of an Ansible variable"
                problems.add("not-a-variable", f"{path}.{name}", what, "write letters, digits and '_', no digit first")
