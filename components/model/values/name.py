"""Names of hosts, nodes, clients and services: ASCII, lower case."""

import re

from components.model.values.address import parse_address

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""Resolvers read a last label of this form as an address: `127.1`, `0x7f000001`."""
RESERVED_NODE_NAMES = frozenset(("all", "ungrouped", "localhost", "etcd", "calico-rr", "bastion", "k8s-cluster"))
"""Names that Ansible or Kubespray's inventory give to groups, or to the deployer itself."""


def is_dns_label(text: str) -> bool:
    """Whether a text is one label of a DNS name: at most 63 letters, digits and `-`."""
    return _LABEL.fullmatch(text) is not None


def is_host_name(text: str) -> bool:
    """Whether a text is a host name (RFC 1123) in lower case, without a final dot, and not an address."""
    labels = text.split(".")
    return len(text) <= 253 and all(map(is_dns_label, labels)) and not _NUMBER.fullmatch(labels[-1])


def parse_host(text: str) -> str:
    """Return an address or a host name in canonical form; ValueError when the text is neither."""
    try:
        return str(parse_address(text))
    except ValueError:
        name = text.lower().removesuffix(".") if text.isascii() else ""
        if is_host_name(name):
            return name
        raise


def is_node_name(text: str) -> bool:
    """Whether a text can name a Kubernetes node, be a value of a label, and name a host for Ansible."""
    return len(text) <= 63 and is_host_name(text) and text not in RESERVED_NODE_NAMES


def is_client_name(text: str) -> bool:
    """Whether a text can name a roaming client and its files."""
    return len(text) <= 63 and all(map(is_dns_label, text.split(".")))


def similar_name(text: str, otherwise: str, allowed: str = "a-z0-9.-") -> str:
    """Return a valid name that is similar to a text, for a proposal."""
    name = re.sub(f"[^{allowed}]+", "-", text.lower())
    labels = [label.strip("-")[:63] for label in name[:63].split(".")]
    proposal = ".".join(label for label in labels if label)
    return proposal if is_node_name(proposal) else otherwise
