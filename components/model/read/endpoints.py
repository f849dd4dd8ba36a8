"""Reading of endpoints and address families: a string or a list, at a site or at a node."""

import re

from components.model.problems import shown
from components.model.read.fields import Fields
from components.model.read.host_port import read_endpoint
from components.model.spec import Endpoint
from components.model.spec.families import FAMILIES, IPV4, family_of, in_words


def read_endpoints(fields: Fields, default_port: int) -> tuple[Endpoint, ...]:
    """Return the field `endpoint`: none, one, or one of each family. Literal addresses get their shortest form."""
    written = fields.raw("endpoint")
    return () if written is None else _port(fields, written, default_port)


def read_ports(fields: Fields, default_port: int, gateways: tuple[str, ...]) -> tuple[tuple[Endpoint, ...], ...]:
    """Return the field `endpoint` of a site: a port for each of the first gateways, none of them empty.

    One is written as at a node. Several are a list in the order of the gateways.
    """
    written = fields.raw("endpoint")
    if written is None:
        return ()
    one = not isinstance(written, list) or (len(gateways) < 2 and _of_different_families(written))
    items = [written] if one or not isinstance(written, list) else written
    ports = [_port(fields, item, default_port) for item in items]
    if len(ports) > len(gateways) > 0:
        fields.problems.add(
            "ports-exceed-gateways",
            fields.at("endpoint"),
            f"{len(ports)} ports, and the site has {len(gateways)} `gateway`",
            "write a port for each gateway, in their order, or for the first ones only",
        )
    return tuple(port for port in ports if port)[: len(gateways)]


def _of_different_families(written: list[object]) -> bool:
    """Whether a list is one port in several families, and not a list of ports."""
    if not all(isinstance(item, str) for item in written):
        return False
    families = [family_of(re.sub(r"\[(.*)\].*|([^:]*):[0-9]+$", r"\1\2", str(item))) for item in written]
    return len(set(families)) == len(families)


def _port(fields: Fields, written: object, default_port: int) -> tuple[Endpoint, ...]:
    example = f"192.0.2.7:{default_port}"
    texts = written if isinstance(written, list) else [written]
    good = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    if len(good) < len(texts):
        lists = "list of strings" if isinstance(written, list) else "string"
        fields.problems.add(
            "not-a-text",
            fields.at("endpoint"),
            f"{shown(written)} is not a {lists}",
            f"write for example `endpoint: {example}`",
        )
        return ()
    read = [read_endpoint(fields, "endpoint", text, default_port, example) for text in good]
    endpoints = [endpoint for endpoint in read if endpoint]
    _check_list(fields, endpoints)
    return tuple(endpoints)


def _check_list(fields: Fields, endpoints: list[Endpoint]) -> None:
    if len(endpoints) < 2:
        return
    names = [endpoint for endpoint in endpoints if not endpoint.family]
    for family in FAMILIES:
        same = [str(endpoint) for endpoint in endpoints if endpoint.family == family]
        if len(same) > 1:
            fields.problems.add(
                "family-twice",
                fields.at("endpoint"),
                f"has {len(same)} {family} endpoints: {', '.join(same)}",
                "write one of each family",
            )
    if names:
        fields.problems.add(
            "name-in-list",
            fields.at("endpoint"),
            f"has the name {names[0].host} in a list",
            "write the name alone: it stands for all its addresses (`ipFamilies` says of which families)",
        )


def read_families(fields: Fields) -> tuple[str, ...] | None:
    """Return the field `ipFamilies`, each family once; None when it is absent or cannot be read."""
    if fields.raw("ipFamilies") is None:
        return None
    example = "[IPv4, IPv6]"
    families = fields.texts("ipFamilies", FAMILIES, example)
    unknown = [family for family in families if family not in FAMILIES]
    if unknown or not families:
        what = f"{shown(unknown[0])} is not an address family" if unknown else "is empty"
        fields.problems.add(
            "not-a-family", fields.at("ipFamilies"), what, f"write one or both: `ipFamilies: {example}`"
        )
        return None
    return tuple(dict.fromkeys(families))


def families_of_node(
    fields: Fields, of_site: tuple[str, ...] | None, endpoints: tuple[Endpoint, ...]
) -> tuple[str, ...]:
    """Return in which families a node can send: its own `ipFamilies`, its site's, those of its endpoints, or IPv4."""
    own = tuple(dict.fromkeys(endpoint.family for endpoint in endpoints if endpoint.family))
    declared = read_families(fields) or of_site
    if declared is None:
        return own or (IPV4,)
    for endpoint in endpoints:
        if endpoint.family and endpoint.family not in declared:
            fields.problems.add(
                "family-not-declared",
                fields.at("ipFamilies"),
                f"{in_words(declared)} only, and the endpoint {endpoint} is {endpoint.family}",
                f"write `ipFamilies: [{', '.join(family for family in FAMILIES if family in (*declared, *own))}]`",
            )
    return declared
