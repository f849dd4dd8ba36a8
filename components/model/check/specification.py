"""Checks across the whole specification: what WireGuard or Kubespray would refuse late or accept silently."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import combinations

from components.model.check.clients import check_clients
from components.model.check.lans import check_lans
from components.model.check.pairs import check_pairs
from components.model.check.services import check_services
from components.model.cluster.variables import OWN_VARIABLES
from components.model.mesh.addressing import first_free
from components.model.mesh.client_gateways import reserved_ranges
from components.model.plan import Plan
from components.model.problems import Problems
from components.model.read.endpoints import check_endpoints
from components.model.spec import CONTROL_PLANE, ETCD, Node, Spec
from components.model.spec.placeholders import MISSING_ADDRESS, MISSING_NETWORK

_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_TAINT = re.compile(r"[^=:\s]+(=[^=:\s]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
_VERSION = re.compile(r"1\.\d+\.\d+")


def path_of(node: Node, field: str = "") -> str:
    """Return where a node, or one of its fields, stands in the configuration."""
    base = f"sites.{node.site}.nodes.{node.name}"
    return f"{base}.{field}" if field else base


def validate(spec: Spec, problems: Problems) -> None:
    """Note everything that is wrong with a specification although each field has the right form."""
    _names(spec, problems)
    _addresses(spec, problems)
    check_endpoints(spec, problems)
    _unique(spec, problems, "ssh.host", lambda node: node.ssh.place if node.ssh.host else None,
            "give each its own `ssh.port`, or its own address")  # fmt: skip
    _host_keys(spec, problems)
    _networks(spec, problems)
    check_lans(spec, problems)
    check_clients(spec, problems)
    _cluster(spec, problems)
    _kubespray(spec, problems)
    _variables(spec, problems)


def check_plan(plan: Plan, problems: Problems) -> None:
    """Note everything that is wrong with what follows from a specification."""
    check_pairs(plan, problems)
    check_services(plan, problems)


def _unique(spec: Spec, problems: Problems, field: str, key: Callable[[Node], Hashable | None], instead: str) -> None:
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for node in spec.nodes:
        value = key(node)
        if value is not None:
            groups[value].append(node)
    for value, nodes in groups.items():
        if len(nodes) > 1:
            others = ", ".join(node.name for node in nodes[:-1])
            problems.add("taken", path_of(nodes[-1], field), f"{value} is already that of {others}", instead)


def _host_keys(spec: Spec, problems: Problems) -> None:
    """Whoever is root on one of two hosts with one key can pass for the other."""
    seen: dict[str, Node] = {}
    for node in spec.nodes:
        key = node.ssh.host_key
        if key and key in seen and seen[key].name != node.name:  # a host that is declared twice is told elsewhere
            problems.add(
                "host-key-taken",
                path_of(node, "ssh.hostKey"),
                f"is the key of {seen[key].name} too: one of them is a copy of the other, or the key is wrong",
                "make new keys on the copy (`rm /etc/ssh/ssh_host_*_key*; ssh-keygen -A`), or correct the key here",
            )
        seen.setdefault(key, node)


def _names(spec: Spec, problems: Problems) -> None:
    seen: dict[str, Node] = {}
    for node in spec.nodes:
        if not _NODE_NAME.fullmatch(node.name) or len(node.name) > 63:
            problems.add(
                "not-a-name",
                path_of(node),
                "is not a lower-case DNS name of at most 63 characters",
                f"write for example `{node.name.lower()}`",
            )
        if node.name in seen:
            problems.add(
                "name-taken",
                path_of(node),
                f"is already a node of site {seen[node.name].site}",
                "declare each host once",
            )
        seen[node.name] = node
        labels = {"site": node.site, "institution": node.institution, **node.labels}
        for name, value in labels.items():
            if not _LABEL_NAME.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
                where = path_of(node, f"labels.{name}") if name in node.labels else path_of(node)
                problems.add(
                    "not-a-label",
                    where,
                    f"{name}={value} is not a Kubernetes label",
                    "use letters, digits, '-', '_' and '.', at most 63",
                )
        for name in {"site", "institution"} & set(node.labels):
            problems.add(
                "own-label",
                path_of(node, f"labels.{name}"),
                "is set by the program",
                f"remove it; it comes from the {name}",
            )
        for taint in node.taints:
            if not _TAINT.fullmatch(taint):
                problems.add(
                    "not-a-taint", path_of(node, "taints"), f"{taint!r} is not a taint", "write `key=value:NoSchedule`"
                )


def _addresses(spec: Spec, problems: Problems) -> None:
    cidr = spec.mesh.cidr
    known = [node for node in spec.nodes if node.address != MISSING_ADDRESS]
    if cidr != MISSING_NETWORK:
        free = first_free(cidr, (node.address for node in known), reserved_ranges(spec))
        instead = (
            f"write a free address of {cidr}, such as {free}" if free else f"{cidr} is full: choose a larger mesh.cidr"
        )
        for node in known:
            if node.address not in cidr:
                problems.add(
                    "outside", path_of(node, "address"), f"{node.address} is not inside mesh.cidr {cidr}", instead
                )
            elif node.address in (cidr.network_address, cidr.broadcast_address):
                problems.add(
                    "not-usable",
                    path_of(node, "address"),
                    f"{node.address} is the network or broadcast address of {cidr}",
                    instead,
                )
        _unique(spec, problems, "address", lambda node: node.address if node in known else None, instead)


def _networks(spec: Spec, problems: Problems) -> None:
    networks = {
        "mesh.cidr": spec.mesh.cidr,
        "kubernetes.podCidr": spec.kubernetes.pod_cidr,
        "kubernetes.serviceCidr": spec.kubernetes.service_cidr,
    }
    for (one, a), (other, b) in combinations(networks.items(), 2):
        if MISSING_NETWORK not in (a, b) and a.overlaps(b):
            problems.add("overlap", other, f"{b} overlaps {one} {a}", "choose ranges that have no address in common")
    pods = spec.kubernetes.pod_cidr
    if pods != MISSING_NETWORK:
        room = (
            2 ** (spec.kubernetes.node_prefix - pods.prefixlen) if spec.kubernetes.node_prefix >= pods.prefixlen else 0
        )
        if room < len(spec.nodes):
            problems.add(
                "no-room",
                "kubernetes.podCidr",
                f"{pods} has room for {room} nodes of /{spec.kubernetes.node_prefix}, {len(spec.nodes)} are declared",
                "choose a larger range, or a longer nodePrefix",
            )


def _cluster(spec: Spec, problems: Problems) -> None:
    kubernetes = spec.kubernetes
    names = [node.name for node in spec.nodes]
    if spec.nodes and not spec.with_role(CONTROL_PLANE):
        problems.add(
            "no-control-plane",
            "sites",
            "no node has the role control-plane",
            f"give one node `roles: [{CONTROL_PLANE}, {ETCD}]`",
        )
    members = len(spec.with_role(ETCD))
    if spec.nodes and members % 2 == 0:
        problems.add(
            "even-etcd", "sites",
            f"{members} nodes have the role etcd: " + ", ".join(node.name for node in spec.with_role(ETCD)) if members
            else "no node has the role etcd",
            "an even number adds no safety and Kubespray refuses it: give the role to 1, 3 or 5 nodes",
        )  # fmt: skip
    for node in spec.nodes:
        if not node.roles:
            problems.add(
                "empty",
                path_of(node, "roles"),
                "is empty",
                "write some of control-plane, etcd, worker, or leave it out",
            )
    if kubernetes.version and not _VERSION.fullmatch(kubernetes.version):
        problems.add(
            "not-a-version",
            "kubernetes.version",
            f"{kubernetes.version!r} is not a version",
            'write it whole and without a v: "1.35.4"',
        )
    if kubernetes.deployer and kubernetes.deployer not in names:
        problems.add(
            "not-a-node",
            "kubernetes.deployer",
            f"{kubernetes.deployer} is not a declared node",
            "write the name of a node",
        )
    first = kubernetes.first_control_plane
    if first and first not in [node.name for node in spec.with_role(CONTROL_PLANE)]:
        problems.add(
            "not-a-control-plane",
            "kubernetes.firstControlPlane",
            f"{first} is not a declared control-plane node",
            "write the name of one",
        )


def _variables(spec: Spec, problems: Problems) -> None:
    places = [("kubernetes", "kubernetes.variables", spec.kubernetes.variables)]
    places += [(node.site, path_of(node, "variables"), node.variables) for node in spec.nodes]
    refuse_own_variables(places, problems)


def refuse_own_variables(places: Iterable[tuple[str, str, Mapping[str, object]]], problems: Problems) -> None:
    """Note variables that the program sets itself. A place is a group, a path and the variables there.

    A site's variable stands in all its nodes: it is named once in a group.
    """
    seen: set[tuple[str, str]] = set()
    for group, path, variables in places:
        for name in variables:
            if name in OWN_VARIABLES and (group, name) not in seen:
                seen.add((group, name))
                problems.add(
                    "own-variable", f"{path}.{name}", f"is set by the program ({OWN_VARIABLES[name]})", "remove it"
                )


def _kubespray(spec: Spec, problems: Problems) -> None:
    source = spec.kubernetes.kubespray
    path = "kubernetes.kubespray"
    if (source.directory is None) == (source.repository is None):
        problems.add(
            "no-kubespray",
            path,
            "needs either `directory` or `repository`, not both" if source.directory else "is missing",
            "write `directory: PATH`, or `repository: URL` and `commit: 40 hexadecimal digits`",
        )
    if source.repository and not re.fullmatch(r"[0-9a-f]{40}", source.commit or ""):
        problems.add(
            "not-a-commit",
            f"{path}.commit",
            f"{source.commit!r} is not a commit",
            "write all 40 hexadecimal digits: a tag can move",
        )
    for field, value in (("directory", source.directory), ("wheelhouse", source.wheelhouse)):
        if value is not None and not value.expanduser().is_dir():
            problems.add(
                "not-a-directory",
                f"{path}.{field}",
                f"{value} is not a directory",
                "write the path of one on the machine where Pulumi runs",
            )
