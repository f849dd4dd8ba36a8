"""Checks of the addresses at which SSH and peers reach hosts, and of host keys."""

from components.model.check.paths import path_of, refuse_shared
from components.model.problems import Problems
from components.model.spec import Endpoint, Node, Spec


def check_hosts(spec: Spec, problems: Problems) -> None:
    """Report endpoints, SSH addresses and host keys that two hosts share."""
    _endpoints(spec, problems)
    refuse_shared(
        spec,
        problems,
        "ssh.host",
        lambda node: node.ssh.place if node.ssh.host else None,
        "give each its own `ssh.port`, or its own address",
    )
    _host_keys(spec, problems)


def _endpoints(spec: Spec, problems: Problems) -> None:
    groups: dict[Endpoint, list[Node]] = {}
    for node in spec.nodes:
        for endpoint in dict.fromkeys(node.endpoints):
            groups.setdefault(endpoint, []).append(node)
    of_sites = {name for site in spec.sites for name in site.behind_ports}
    for endpoint, nodes in groups.items():
        if len(nodes) > 1:
            last = nodes[-1]
            problems.add(
                "taken",
                f"sites.{last.site}.endpoint" if last.name in of_sites else path_of(last, "endpoint"),
                f"{endpoint} is already used by {', '.join(node.name for node in nodes[:-1])}",
                "give each its own port, as forwarded by the site's firewall",
            )


def _host_keys(spec: Spec, problems: Problems) -> None:
    """Report host keys that two hosts share: root on one of them can impersonate the other."""
    seen: dict[str, Node] = {}
    for node in spec.nodes:
        key = node.ssh.host_key
        if key and key in seen and seen[key].name != node.name:  # a host that is declared twice is reported elsewhere
            problems.add(
                "host-key-taken",
                path_of(node, "ssh.hostKey"),
                f"is the key of {seen[key].name} too: one of them is a copy of the other, or the key is wrong",
                "make new keys on the copy (`rm /etc/ssh/ssh_host_*_key*; ssh-keygen -A`), or correct the key here",
            )
        seen.setdefault(key, node)
