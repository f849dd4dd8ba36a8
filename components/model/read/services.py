"""From the section `services` of the configuration to services."""

from components.model.problems import printable, shown
from components.model.read.fields import Fields
from components.model.read.host_port import read_place
from components.model.read.ranges import read_ranges
from components.model.services.entries import placed
from components.model.spec import WORKER, Site
from components.model.spec.service import (
    AUTO,
    CLIENT_ADDRESSES,
    EVERYBODY,
    HIDDEN,
    MESH,
    MODES,
    PROTOCOLS,
    PUBLIC,
    TCP,
    Service,
)
from components.model.values.address import Network

_KINDS = ("nodePort", "hostPort", "target")


def parse_services(fields: Fields, sites: tuple[Site, ...]) -> tuple[Service, ...]:
    """Return the services, in alphabetical order; mistakes are added to the fields' problems.

    What cannot be read is 0, empty or None: checks skip it.
    """
    return tuple(_service(name, fields.sub(name), sites) for name in sorted(fields.names()))


def _service(name: str, fields: Fields, sites: tuple[Site, ...]) -> Service:
    port = fields.port("port", 443)
    if port is None:
        fields.problems.add("missing", fields.at("port"), "is missing", "write for example `port: 443`")
    service = Service(
        name=name,
        port=port or 0,
        protocol=fields.choice("protocol", PROTOCOLS, TCP),
        node_port=fields.port("nodePort", 30443),
        host_port=fields.port("hostPort", 8443),
        target=_target(fields, port or 0),
        nodes=_nodes(fields, sites),
        sources=_sources(fields),
        mode=fields.choice("mode", MODES, AUTO),
        entries=_words(fields, "entries", sites),
        client_address=fields.choice("clientAddress", CLIENT_ADDRESSES, HIDDEN),
    )
    _one_kind(fields)
    fields.finish()
    return service


def _one_kind(fields: Fields) -> None:
    written = [kind for kind in _KINDS if fields.raw(kind) is not None]
    if len(written) > 1:
        fields.problems.add(
            "several-kinds", fields.path, f"has {' and '.join(written)}", "write one of them: what answers"
        )
    elif not written:
        fields.problems.add(
            "no-kind",
            fields.path,
            f"has none of {', '.join(_KINDS)}",
            "write what answers, for example `nodePort: 30443`, `hostPort: 8443` or `target: 10.1.0.50:443`",
        )


def _target(fields: Fields, port: int) -> tuple[str, int] | None:
    """Return host and port; without a port it is the service's."""
    text = fields.optional_text("target", "10.1.0.50:443")
    if not text:
        return None
    endpoint = read_place(fields, "target", text, port or 1, "for example `target: 10.1.0.50:443`")
    return (endpoint.host, endpoint.port) if endpoint else None


def _nodes(fields: Fields, sites: tuple[Site, ...]) -> tuple[str, ...]:
    """Return the names of the nodes where a service runs: all workers, where nothing is written."""
    if fields.raw("at") is not None:
        words = _words(fields, "at", sites)
        if fields.raw("at") == []:
            fields.problems.add("empty", fields.at("at"), "is empty", _one_of("at", sites))
        return tuple(node.name for node in placed(sites, words))
    if fields.raw("target") is not None:
        fields.problems.add(
            "missing",
            fields.at("at"),
            "is missing, and not every node reaches the target",
            f"write the sites or nodes that do: {_example('at', sites)}",
        )
        return ()
    return tuple(node.name for site in sites for node in site.nodes if WORKER in node.roles)


def _words(fields: Fields, name: str, sites: tuple[Site, ...]) -> tuple[str, ...]:
    """Return a list of sites and nodes; unknown names are reported, and stay in it."""
    words = fields.texts(name, (), "[mwt2]")
    known = {site.name for site in sites} | {node.name for site in sites for node in site.nodes}
    for word in dict.fromkeys(words):
        if word not in known:
            fields.problems.add(
                "not-a-place",
                fields.at(name),
                f"{printable(word)} is neither a declared site nor a node",
                _one_of(name, sites),
            )
    return words


def _one_of(name: str, sites: tuple[Site, ...]) -> str:
    return f"write names of sites or nodes, for example {_example(name, sites)}"


def _example(name: str, sites: tuple[Site, ...]) -> str:
    return f"`{name}: [{sites[0].name if sites else 'mwt2'}]`"


def _sources(fields: Fields) -> tuple[Network, ...] | None:
    """Return the ranges that clients come from, None for the mesh; all addresses when none can be read."""
    written = fields.raw("from")
    if written in (None, MESH):
        return None
    if written == PUBLIC:
        return EVERYBODY
    example = "[203.0.113.0/24]"
    if not isinstance(written, list) or not written:
        fields.problems.add(
            "not-a-choice",
            fields.at("from"),
            f"{shown(written)} is not known",
            f"write `mesh`, `public` or a list of ranges, `from: {example}`",
        )
        return EVERYBODY
    return read_ranges(fields, "from", example) or EVERYBODY
