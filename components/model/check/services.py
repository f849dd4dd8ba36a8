"""Checks of single services: their fields, and where clients enter."""

from ipaddress import IPv4Address, IPv4Network, ip_address

from components.model.check.service_ports import check_ports
from components.model.plan import Plan
from components.model.problems import Problems
from components.model.services.entries import enters, named_entries, sites_of
from components.model.services.public_hosts import PublicHosts
from components.model.spec import Spec
from components.model.spec.families import family_of, in_words
from components.model.spec.placeholders import MISSING_NETWORK
from components.model.spec.service import AUTO, DIRECT, KEPT, PROXY_PROTOCOL, TUNNEL, UDP, Service
from components.model.values.name import is_dns_label, similar_name


def check_services(plan: Plan, problems: Problems) -> None:
    """Report services that are not possible."""
    spec, public = plan.spec, plan.public
    for service in spec.services:
        path = f"services.{service.name}"
        if not is_dns_label(service.name):
            problems.add(
                "not-a-name",
                path,
                "is not a DNS label: at most 63 lower-case letters, digits and '-'",
                f"write for example `{similar_name(service.name, 'web', 'a-z0-9-')}`",
            )
        _target(spec, service, problems)
        _sources(spec, service, problems)
        if _client_address(service, problems) and _readable(spec, service):
            _mode(spec, public, service, problems)
            _entries(spec, public, service, problems)
    check_ports(plan, problems)


def _readable(spec: Spec, service: Service) -> bool:
    """Whether nodes and entries were all known; if not, that is reported already."""
    known = {site.name for site in spec.sites} | {node.name for node in spec.nodes}
    return bool(service.nodes) and set(service.entries) <= known


def _target(spec: Spec, service: Service, problems: Problems) -> None:
    if service.target is None:
        return
    host, path = service.target[0], f"services.{service.name}.target"
    address = ip_address(host) if family_of(host) else None
    if address is not None and spec.mesh.cidr != MISSING_NETWORK and address in spec.mesh.cidr:
        problems.add(
            "in-own-range",
            path,
            f"{host} is inside mesh.cidr {spec.mesh.cidr}",
            "write `hostPort: PORT` and `at: [NODE]` for a program on a node",
        )
    elif service.protocol == UDP and (not isinstance(address, IPv4Address) or address.is_loopback):
        problems.add(
            "not-a-udp-target",
            path,
            f"{host} is not an IPv4 address of a host, and for UDP only the destination of packets is rewritten",
            "write the host's IPv4 address",
        )


def _sources(spec: Spec, service: Service, problems: Problems) -> None:
    path = f"services.{service.name}.from"
    for network in service.sources or ():
        if isinstance(network, IPv4Network) and network.subnet_of(spec.mesh.cidr):
            problems.add(
                "in-own-range",
                path,
                f"{network} is part of mesh.cidr {spec.mesh.cidr}, whose members always have access",
                "remove it, or write `from: mesh` for the mesh alone",
            )


def _client_address(service: Service, problems: Problems) -> bool:
    """Report a client's address that the path to the program does not preserve."""
    path = f"services.{service.name}.clientAddress"
    if service.client_address == PROXY_PROTOCOL and service.protocol == UDP:
        problems.add(
            "proxy-protocol-udp",
            path,
            "the PROXY protocol is for TCP, and this is UDP",
            "write `hidden`, or `kept` with `hostPort`",
        )
        return False
    if service.client_address != KEPT:
        return True
    other = "remove it" if service.protocol == UDP else "write `proxy-protocol`, which the program has to understand"
    if service.host_port is None:
        what = "nodePort" if service.node_port else "target"
        problems.add(
            "address-not-kept",
            path,
            f"is kept only where clients reach the program itself, with `hostPort`, and this has `{what}`",
            f"{other}, or run it with `hostPort`",
        )
        return False
    if service.mode == TUNNEL:
        problems.add(
            "address-not-kept",
            path,
            "is not kept by a tunnel: another host answers",
            f"{other}, or write `mode: direct`",
        )
        return False
    return True


def _mode(spec: Spec, public: PublicHosts, service: Service, problems: Problems) -> None:
    """Report a mode that is of no use for the mesh, or that entries contradict."""
    path = f"services.{service.name}"
    if service.sources is None:
        if service.mode != AUTO:
            problems.add(
                "mode-of-mesh",
                f"{path}.mode",
                f"{service.mode} applies to clients from outside, and `from` is mesh",
                "write `from: public` or a list of ranges, or remove `mode`",
            )
        return
    runs = {site.name for site in sites_of(spec, service)}
    for node in named_entries(spec, public, service):
        if service.client_address == KEPT and node.name not in service.nodes:
            problems.add(
                "address-not-kept",
                f"{path}.clientAddress",
                f"is not kept at {node.name}: the program does not run there",
                "have it enter where it runs, or write `proxy-protocol`",
            )
        elif service.mode == DIRECT and node.site not in runs:
            problems.add(
                "entry-not-direct",
                f"{path}.entries",
                f"{node.name} is at {node.site}, where it does not run, and `mode` is direct",
                "write an entry where it runs, or `mode: auto`",
            )
        elif service.mode == TUNNEL and node.site in runs:
            problems.add(
                "entry-not-tunnel",
                f"{path}.entries",
                f"{node.name} is at {node.site}, where it runs, and `mode` is tunnel",
                "write an entry at another site, or `mode: auto`",
            )


def _entries(spec: Spec, public: PublicHosts, service: Service, problems: Problems) -> None:
    if service.sources is None:
        return
    if not service.families:
        _no_family(service, problems)
    elif service.entries:
        _named(spec, public, service, problems)
    else:
        _chosen(spec, public, service, problems)


def _no_family(service: Service, problems: Problems) -> None:
    problems.add(
        "udp-ipv6",
        f"services.{service.name}.from",
        "has IPv6 ranges only, and UDP enters wg0 over IPv4 only",
        "write IPv4 ranges, or `clientAddress: kept` with `hostPort` where it runs",
    )


def _named(spec: Spec, public: PublicHosts, service: Service, problems: Problems) -> None:
    """Report entries that clients have no known way to."""
    path, nodes = f"services.{service.name}.entries", named_entries(spec, public, service)
    silent = [node.name for node in nodes if not public.leading_to(service, node)]
    named = {node.site for node in nodes} | {node.name for node in nodes}
    silent += [word for word in service.entries if word not in named]
    for name in silent:
        meant = [node.name for node in spec.nodes if name in (node.name, node.site)]
        hosts = [host for one in meant for host in (*public.public.get(one, ()), *public.forwarded.get(one, ()))]
        what = f"has {', '.join(hosts)}" if hosts else "has no endpoint"
        problems.add(
            "entry-closed",
            path,
            f"{name} {what}, so clients cannot reach it over {in_words(service.families)}",
            "write another entry, or the endpoint of this one, its site's or its own",
        )


def _chosen(spec: Spec, public: PublicHosts, service: Service, problems: Problems) -> None:
    """Report that no node can be the entry, with the ways out."""
    path, runs = f"services.{service.name}", sites_of(spec, service)
    entered = {one.node.site for one in enters(spec, public, service)}
    closed = [site.name for site in runs if site.name not in entered]
    kind = f"public {service.families[0]} node" if len(service.families) == 1 else "public node"
    name = "`entries: [NODE]`, one behind a router that forwards the port"
    if service.client_address == KEPT:
        if not entered:
            problems.add(
                "address-not-kept",
                f"{path}.clientAddress",
                f"is kept at a {kind} where it runs, and there is none",
                f"write `proxy-protocol`, or {name}" if service.protocol != UDP else f"write {name}",
            )
    elif service.mode == DIRECT:
        if closed:
            problems.add(
                "no-public-node",
                f"{path}.mode",
                f"is direct, and no {kind} is at {', '.join(closed)}, where it runs",
                f"write `mode: auto`, have it run elsewhere (`at`), or write {name}",
            )
    elif not entered:
        elsewhere = " but where it runs" if service.mode == TUNNEL else ""
        problems.add(
            "no-public-node",
            f"{path}.mode",
            f"is {service.mode}, and there is no {kind} anywhere{elsewhere}",
            f"write {name}, or the endpoint of a host that has an address of its own",
        )
