"""From the section `sites` of the configuration to sites and nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from components.model.addressing import derived_address
from components.model.endpoint import is_host, parse_endpoint
from components.model.fields import MISSING_ADDRESS, MISSING_NETWORK, Fields
from components.model.hostkeys import find_host_key, is_host_key
from components.model.parse_firewall import parse_firewall
from components.model.reachability import DEFAULT_KEEPALIVE
from components.model.spec import NO_FIREWALL, ROLES, WORKER, Endpoint, Firewall, Mesh, Node, Site, SshTarget


@dataclass(frozen=True)
class _Shared:
    """What the nodes of one site have from it."""

    site: str
    institution: str | None
    rotation: str | None
    variables: Mapping[str, object]
    endpoints: Mapping[str, Endpoint]
    """Its gateways' that are the site's."""


class SitesParser:
    """Reads sites and nodes; holds what all nodes share: the mesh, the login user, known host keys, the firewall."""

    def __init__(self, mesh: Mesh, ssh: Fields, known_hosts: list[str], firewall: Firewall = NO_FIREWALL) -> None:
        self.mesh = mesh
        self.firewall = firewall
        self.known_hosts = known_hosts
        self.user = ssh.optional_text("user", "root") or "root"

    def parse(self, fields: Fields) -> tuple[Site, ...]:
        """Return the sites; mistakes are noted in the fields' problems."""
        if not fields.names():
            fields.problems.add("sites", "is missing or empty", "declare at least one site with one node")
        # Pulumi hands mappings over in alphabetical order; sorting here says so, and holds wherever they come from.
        return tuple(self._site(name, fields.sub(name)) for name in sorted(fields.names()))

    def _site(self, name: str, fields: Fields) -> Site:
        nodes = fields.sub("nodes")
        institution = fields.optional_text("institution", "uchicago")
        if not nodes.names():
            fields.problems.add(nodes.path, "is missing or empty", "declare at least one node, or remove the site")
        gateways = self._gateways(fields, nodes.names())
        endpoints = self._site_endpoints(fields, gateways)
        shared = _Shared(
            name,
            institution,
            fields.optional_text("rotation", "2027-01"),
            fields.sub("variables").values(),
            dict(zip(gateways, endpoints, strict=False)),
        )
        site = Site(
            name=name,
            nodes=tuple(self._node(key, shared, nodes.sub(key)) for key in sorted(nodes.names())),
            gateways=gateways,
            endpoints=endpoints,
            lan=self._range(fields, "lan", "10.1.0.0/24"),
            clients=self._range(fields, "clients", "192.168.0.192/26"),
            firewall=parse_firewall(fields.sub("firewall"), self.firewall),
        )
        fields.finish()
        return site

    def _gateways(self, fields: Fields, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the site's gateways, written as one text or as a list, the preferred one first."""
        example = nodes[0] if nodes else "host1.example.org"
        names = _text_or_list(fields, "gateway", example)
        for name in dict.fromkeys(names):
            if name not in nodes:
                fields.problems.add(
                    fields.at("gateway"),
                    f"{name} is not a node of this site",
                    f"write one of {', '.join(sorted(nodes))}",
                )
            elif names.count(name) > 1:
                fields.problems.add(fields.at("gateway"), f"{name} is there twice", "write each gateway once")
        if fields.raw("endpoint") is not None and fields.raw("gateway") in (None, []):
            fields.problems.add(
                fields.at("gateway"),
                "is missing, and the site has an `endpoint`",
                f"write the node that the port is forwarded to, for example `gateway: {example}`",
            )
        return tuple(name for name in dict.fromkeys(names) if name in nodes)

    def _site_endpoints(self, fields: Fields, gateways: tuple[str, ...]) -> tuple[Endpoint, ...]:
        """Return the site's ports: one that is written as a text, or a list in the order of the gateways."""
        example = f"192.0.2.7:{self.mesh.listen_port}"
        texts = _text_or_list(fields, "endpoint", example)
        if len(texts) > len(gateways) > 0:
            fields.problems.add(
                fields.at("endpoint"),
                f"{len(texts)} ports, and the site has {len(gateways)} `gateway`",
                "write a port for each gateway, in their order, or for the first ones only",
            )
        found = tuple(self._read_endpoint(fields, text) for text in texts)
        return tuple(endpoint for endpoint in found if endpoint)[: len(gateways)]

    def _endpoint(self, fields: Fields) -> Endpoint | None:
        text = fields.optional_text("endpoint", f"192.0.2.7:{self.mesh.listen_port}")
        return self._read_endpoint(fields, text) if text else None

    def _read_endpoint(self, fields: Fields, text: str) -> Endpoint | None:
        try:
            return parse_endpoint(text, self.mesh.listen_port)
        except ValueError as error:
            fields.problems.add(
                fields.at("endpoint"), str(error), f"write for example `endpoint: 192.0.2.7:{self.mesh.listen_port}`"
            )
            return None

    def _range(self, fields: Fields, name: str, example: str) -> IPv4Network | None:
        if fields.raw(name) is None:
            return None
        network = fields.network(name, None, example)
        return None if network == MISSING_NETWORK else network

    def _lan_address(self, fields: Fields) -> IPv4Address | None:
        text = fields.optional_text("lanAddress", "10.1.0.7")
        if not text:
            return None
        try:
            return IPv4Address(text)
        except AddressValueError:
            fields.problems.add(
                fields.at("lanAddress"), f"{text!r} is not an IPv4 address", "write for example `lanAddress: 10.1.0.7`"
            )
            return None

    def _node(self, name: str, shared: "_Shared", fields: Fields) -> Node:
        own = self._endpoint(fields)
        if own and shared.endpoints:
            ports = ", ".join(map(str, shared.endpoints.values()))
            what = "one port" if len(shared.endpoints) == 1 else "ports"
            fields.problems.add(
                fields.at("endpoint"),
                f"is {own}, and the site has {what} for all its nodes, {ports}",
                "keep one of the two: the site's, or an endpoint at each node that has a port of its own",
            )
        endpoint = shared.endpoints.get(name, own)
        closed = endpoint is None and fields.raw("endpoint") is None
        node = Node(
            name=name,
            site=shared.site,
            institution=(fields.optional_text("institution", "uchicago") or shared.institution)
            if shared.institution
            else fields.text("institution", "uchicago"),
            address=self._address(name, fields),
            endpoint=endpoint,
            lan_address=self._lan_address(fields),
            keepalive=fields.integer("keepalive", DEFAULT_KEEPALIVE if closed else 0, 0, 65535, "number of seconds")
            or None,
            ssh=self._ssh(name, own.host if own else None, fields.sub("ssh")),
            roles=self._roles(fields),
            labels=fields.text_map("labels", 'rack: "12"'),
            taints=fields.texts("taints", (), '["dedicated=gpu:NoSchedule"]'),
            variables={**shared.variables, **fields.sub("variables").values()},
            rotation="/".join(filter(None, (shared.rotation, fields.optional_text("rotation", "2027-01")))),
        )
        fields.finish()
        return node

    def _address(self, name: str, fields: Fields) -> IPv4Address:
        text = fields.optional_text("address", "192.168.0.5")
        if text is None:
            return MISSING_ADDRESS if self.mesh.cidr == MISSING_NETWORK else derived_address(name, self.mesh.cidr)
        try:
            return IPv4Address(text)
        except AddressValueError:
            fields.problems.add(
                fields.at("address"), f"{text!r} is not an IPv4 address", f"write one inside {self.mesh.cidr}"
            )
            return MISSING_ADDRESS

    def _ssh(self, name: str, endpoint_host: str | None, fields: Fields) -> SshTarget:
        host = fields.optional_text("host", "192.0.2.7") or endpoint_host or ""
        port = fields.integer("port", 22, 1, 65535, "TCP port")
        user = fields.optional_text("user", "root") or self.user
        host_key = fields.optional_text("hostKey", "ssh-ed25519 AAAAC3Nza...")
        if not host:
            fields.problems.add(
                fields.at("host"),
                "is missing, and there is no endpoint of its own to take the address from",
                "write where this host is reached by SSH, for example `host: 192.0.2.7`",
            )
        elif not is_host(host):
            fields.problems.add(
                fields.at("host"), f"{host!r} is neither an address nor a DNS name", "write one of the two"
            )
        elif host_key is None:
            host_key = find_host_key(self.known_hosts, ((host, port), (name, port), (name, 22)))
            if host_key is None:
                fields.problems.add(
                    fields.at("hostKey"),
                    f"is missing, and ssh.knownHostsFile has no key for {host} or {name}",
                    "add the key after comparing its fingerprint with the host's console (ssh-keyscan fetches it)",
                )
        elif not is_host_key(host_key):
            fields.problems.add(
                fields.at("hostKey"),
                "is not a public host key",
                "write `ssh-ed25519 AAAA...` as in known_hosts, without a name",
            )
        fields.finish()
        return SshTarget(host, port, user, host_key or "")

    def _roles(self, fields: Fields) -> tuple[str, ...]:
        roles = fields.texts("roles", (WORKER,), "[control-plane, etcd]")
        for role in roles:
            if role not in ROLES:
                fields.problems.add(fields.at("roles"), f"{role!r} is not a role", f"write some of {', '.join(ROLES)}")
        return tuple(role for role in ROLES if role in roles)


def _text_or_list(fields: Fields, name: str, example: str) -> tuple[str, ...]:
    """Return what is written as one text or as a list of texts; empty when absent."""
    if isinstance(fields.raw(name), list):
        return fields.texts(name, (), example)
    text = fields.optional_text(name, example)
    return (text,) if text else ()
