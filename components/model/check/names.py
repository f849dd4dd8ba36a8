"""Checks of names, labels and taints of nodes."""

from components.model.check.paths import path_of
from components.model.problems import Problems, shown
from components.model.spec import Node, Site, Spec
from components.model.values.name import RESERVED_NODE_NAMES, is_node_name, similar_name
from components.model.values.word import is_label_key, is_label_value, is_taint

_VALUE = "use at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"


def check_names(spec: Spec, problems: Problems) -> None:
    """Report names that are not valid or not unique, and labels and taints that Kubernetes refuses."""
    seen: dict[str, Node] = {}
    for site in spec.sites:
        _site(site, problems)
        for node in site.nodes:
            _node(node, problems)
            if node.name in seen:
                what = f"is already a node of site {seen[node.name].site}"
                problems.add("name-taken", path_of(node), what, "declare each host once")
            seen[node.name] = node
            _labels(node, problems)


def _node(node: Node, problems: Problems) -> None:
    if node.name in RESERVED_NODE_NAMES:
        what = "is a name that Ansible or Kubespray reserves"
        problems.add("reserved-name", path_of(node), what, f"write for example `{node.name}1`")
    elif not is_node_name(node.name):
        problems.add(
            "not-a-name",
            path_of(node),
            "is not a lower-case DNS name of at most 63 characters",
            f"write for example `{similar_name(node.name, 'node001.example.org')}`",
        )


def _site(site: Site, problems: Problems) -> None:
    """Report names of sites and institutions that are not valid values of labels, where they are written."""
    path = f"sites.{site.name}"
    if not site.name or not is_label_value(site.name):
        problems.add("not-a-label", path, f"{shown(site.name)} cannot be the value of a node label", _VALUE)
    wrong = [node for node in site.nodes if not is_label_value(node.institution)]
    one_for_all = len(wrong) == len(site.nodes) > 1 and len({node.institution for node in wrong}) == 1
    for node in wrong[:1] if one_for_all else wrong:
        where = f"{path}.institution" if one_for_all else path_of(node, "institution")
        what = f"{shown(node.institution)} cannot be the value of a node label"
        problems.add("not-a-label", where, what, _VALUE)


def _labels(node: Node, problems: Problems) -> None:
    for name, value in node.labels.items():
        if not is_label_key(name) or not is_label_value(value):
            what = f"{name}={value} is not a Kubernetes label"
            problems.add("not-a-label", path_of(node, f"labels.{name}"), what, _VALUE)
    for taint in node.taints:
        if not is_taint(taint):
            what = f"{shown(taint)} is not a taint"
            problems.add("not-a-taint", path_of(node, "taints"), what, "write `key=value:NoSchedule`")
