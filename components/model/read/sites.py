"""From the section `sites` of the configuration to sites and nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from components.model.mesh.addressing import derived_address
from components.model.problems import printable, shown
from components.model.read.endpoints import families_of_node, read_endpoints, read_families, read_ports
from components.model.read.fields import Fields
from components.model.read.files import Read
from components.model.read.firewall import parse_firewall
from components.model.read.host_keys import KnownHosts
from components.model.read.labels import read_labels
from components.model.read.ranges import read_address, read_lan, read_own_address
from components.model.read.ssh import Login, SshParser
from components.model.spec import NO_FIREWALL, ROLES, WORKER, Endpoint, Firewall, Mesh, Node, Site, defaults
from components.model.spec.placeholders import MISSING_ADDRESS, MISSING_NETWORK


@dataclass(frozen=True)
class _Shared:
    """What the nodes of one site inherit from it."""

    site: str
    institution: str | None
    rotation: str | None
    variables: Mapping[str, object]
    ports: Mapping[str, tuple[Endpoint, ...]]
    """The endpoints that the site forwards, by gateway."""
    families: tuple[str, ...] | None
    login: Login


class SitesParser:
    """Reads sites and nodes; holds what all nodes share: the mesh, the login user, known host keys, the firewall."""

    def __init__(
        self, mesh: Mesh, ssh: Fields, known_hosts: KnownHosts | None, read: Read, firewall: Firewall = NO_FIREWALL
    ) -> None:
        self.mesh = mesh
        self.firewall = firewall
        self.ssh = SshParser(known_hosts, read)
        self.login = self.ssh.login(ssh, Login())

    def parse(self, fields: Fields) -> tuple[Site, ...]:
        """Return the sites; mistakes are added to the fields' problems."""
        if fields.readable and not fields.names():
            fields.problems.add("missing", "sites", "is missing or empty", "declare at least one site with one node")
        # Pulumi passes mappings in alphabetical order; sorting here makes the order independent of the caller.
        return tuple(self._site(name, fields.sub(name)) for name in sorted(fields.names()))

    def _site(self, name: str, fields: Fields) -> Site:
        nodes = fields.sub("nodes")
        institution = fields.optional_text("institution", "uchicago")
        ssh = fields.sub("ssh")
        if nodes.readable and not nodes.names():
            fields.problems.add(
                "missing", nodes.path, "is missing or empty", "declare at least one node, or remove the site"
            )
        gateways = self._gateways(fields, nodes.names())
        ports = read_ports(fields, self.mesh.listen_port, gateways)
        shared = _Shared(
            name,
            institution,
            fields.optional_text("rotation", "2027-01"),
            fields.sub("variables").values(),
            dict(zip(gateways, ports, strict=False)),
            read_families(fields),
            self.ssh.login(ssh, self.login),
        )
        ssh.finish()
        site = Site(
            name=name,
            nodes=tuple(self._node(key, shared, nodes.sub(key)) for key in sorted(nodes.names())),
            gateways=gateways,
            ports=ports,
            lan=read_lan(fields, "lan", "10.1.0.0/24"),
            clients=self._clients(fields),
            firewall=parse_firewall(fields.sub("firewall"), self.firewall),
        )
        fields.finish()
        return site

    def _gateways(self, fields: Fields, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the site's gateways, written as one string or as a list, the preferred one first."""
        example = nodes[0] if nodes else "host1.example.org"
        names = _text_or_list(fields, "gateway", example)
        for name in dict.fromkeys(names):
            if name not in nodes and nodes:
                fields.problems.add(
                    "not-a-node",
                    fields.at("gateway"),
                    f"{printable(name)} is not a node of this site",
                    f"write one of {', '.join(sorted(nodes))}",
                )
            elif names.count(name) > 1:
                fields.problems.add("twice", fields.at("gateway"), f"{name} is listed twice", "write each gateway once")
        if nodes and fields.raw("endpoint") is not None and fields.raw("gateway") in (None, []):
            fields.problems.add(
                "missing",
                fields.at("gateway"),
                "is missing, and the site has an `endpoint`",
                f"write the node that the port is forwarded to, for example `gateway: {example}`",
            )
        return tuple(name for name in dict.fromkeys(names) if name in nodes)

    def _clients(self, fields: Fields) -> IPv4Network | None:
        if fields.raw("clients") is None:
            return None
        network = fields.network("clients", None, "192.168.0.192/26")
        return None if network == MISSING_NETWORK else network

    def _node(self, name: str, shared: "_Shared", fields: Fields) -> Node:
        own = read_endpoints(fields, self.mesh.listen_port)
        if own and shared.ports:
            ports = ", ".join(str(endpoint) for port in shared.ports.values() for endpoint in port)
            what = "one port" if len(shared.ports) == 1 else "ports"
            fields.problems.add(
                "two-ports",
                fields.at("endpoint"),
                f"is {own[0]}, and the site has {what} for all its nodes, {ports}",
                "keep one of the two: the site's, or an endpoint at each node that has a port of its own",
            )
        endpoints = shared.ports.get(name, own)
        closed = not endpoints and fields.raw("endpoint") in (None, [])
        node = Node(
            name=name,
            site=shared.site,
            institution=(fields.optional_text("institution", "uchicago") or shared.institution)
            if shared.institution
            else fields.text("institution", "uchicago"),
            address=self._address(name, fields),
            endpoints=endpoints,
            lan_address=read_address(fields, "lanAddress", "10.1.0.7"),
            keepalive=self._keepalive(fields, closed) or None,
            ssh=self.ssh.target(name, _endpoint_host(fields, own), fields.sub("ssh"), shared.login),
            roles=self._roles(fields),
            labels=read_labels(fields.sub("labels")),
            taints=fields.texts("taints", (), '["dedicated=gpu:NoSchedule"]'),
            variables={**shared.variables, **fields.sub("variables").values()},
            rotation="/".join(filter(None, (shared.rotation, fields.optional_text("rotation", "2027-01")))),
            families=families_of_node(fields, shared.families, endpoints),
        )
        fields.finish()
        return node

    def _address(self, name: str, fields: Fields) -> IPv4Address:
        unknown = self.mesh.cidr == MISSING_NETWORK
        if fields.raw("address") is None:
            return MISSING_ADDRESS if unknown else derived_address(name, self.mesh.cidr)
        return read_own_address(fields, f"write one inside {'mesh.cidr' if unknown else self.mesh.cidr}")

    def _keepalive(self, fields: Fields, closed: bool) -> int:
        default = defaults.KEEPALIVE if closed else 0
        return fields.integer("keepalive", default, 0, 65535, "number of seconds", defaults.KEEPALIVE)

    def _roles(self, fields: Fields) -> tuple[str, ...]:
        roles = fields.texts("roles", (WORKER,), "[control-plane, etcd]")
        for role in roles:
            if role not in ROLES:
                fields.wrong("not-a-role", "roles", f"{shown(role)} is not a role", f"write some of {', '.join(ROLES)}")
        return tuple(role for role in ROLES if role in roles)


def _endpoint_host(fields: Fields, own: tuple[Endpoint, ...]) -> str | None:
    """Return the host of a node's own endpoint; None without one, empty when it cannot be read."""
    return own[0].host if own else None if fields.raw("endpoint") in (None, []) else ""


def _text_or_list(fields: Fields, name: str, example: str) -> tuple[str, ...]:
    """Return what is written as one string or as a list of strings; empty when absent."""
    if isinstance(fields.raw(name), list):
        return fields.texts(name, (), example)
    text = fields.optional_text(name, example)
    return (text,) if text else ()
