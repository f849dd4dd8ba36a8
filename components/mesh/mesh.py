"""The WireGuard mesh: every host is checked, then peers are added to every tunnel, then every tunnel is verified."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
from pulumi_command.local import Command as LocalCommand
from pulumi_command.local import Logging as LocalLogging
from pulumi_command.remote import Command, CopyToRemote

from components.mesh.client import Client
from components.mesh.key import Key, deployer_key, protection, seed
from components.mesh.machines import refuse_renamed
from components.mesh.measurement import Measurement, measure
from components.mesh.node import Node
from components.mesh.site import Site
from components.mesh.tunnel import Tunnel
from components.model.files.known_hosts import authorized_key
from components.model.mesh.client_gateways import gateway_of
from components.model.mesh.membership import membership
from components.model.overview import Overview
from components.model.plan import Plan
from components.model.report.reachability_tables import reachability_table, relayed_paths
from components.model.report.service_tables import services_table
from components.model.requirements import host_requirements
from components.model.spec import Spec
from components.remote.connection import Access, Host
from components.remote.last_update import LastUpdate
from components.remote.resource_names import Name
from components.remote.uploads import ROOT, digest


class MeshArgs(TypedDict):
    """Arguments of Mesh."""

    plan: Plan
    """The checked plan, as `components.declare` returns it. A preview needs its value, so it is no Input."""
    deployer: str
    """The node that measures paths, and runs the playbooks of a cluster on this mesh."""
    last: LastUpdate
    """The state of the last run, as `components.declare` returns it."""
    kubernetes: NotRequired[bool]
    """Whether a `Cluster` follows on this mesh, as by default. False: preflight does not check what Kubernetes needs,
    and firewalls on hosts stay closed for pods."""
    private_key: NotRequired[pulumi.Input[str] | None]
    """The SSH key with which Pulumi logs in on hosts and bastions that have no `privateKeyFile`, in OpenSSH's format;
    absent: the SSH agent is used. Secret."""


class Mesh(pulumi.ComponentResource):
    """The WireGuard mesh. The names of its resources begin with its own name, so a program can have several meshes."""

    plan: Plan
    nodes: tuple[Node, ...]
    answered: LocalCommand
    """Created when the preflight of every host has succeeded: no host is changed before."""
    verified: list[Command]
    """The commands after which every tunnel has had a handshake, and all nodes answer each other over wg0."""
    ready: list[Command]
    """The commands after which services and firewalls are in force, too."""
    public_keys: pulumi.Output[dict[str, str]]
    """WireGuard public keys, base64, by node name. Not secret."""
    clients: dict[str, pulumi.Output[str]]
    """Configurations for wg-quick(8) by the name of the roaming client. Secret."""
    deployer_key: Key
    """The SSH key with which the deployer logs in on the nodes over wg0."""
    measurement: Measurement
    """The measurement of the paths between sites."""
    work: Path
    """Directory for rendered files, relative to the project's directory."""

    def __init__(self, name: str, args: MeshArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan, last = args["plan"], args["last"]
        refuse_renamed(name, plan.spec.nodes, last)
        super().__init__("stretched:index:Mesh", name, None, opts)
        self.plan, self.work = plan, ROOT / pulumi.get_stack()
        spec = plan.spec
        child = pulumi.ResourceOptions(parent=self)
        access = Access.of(args.get("private_key"))
        rotation = spec.mesh.rotation
        self.deployer_key = deployer_key(self, Name(name, "deployer"), rotation, last, protect=spec.protect)
        of_seed = f"{name}-seed"
        protected = protection(last, rotation, of_seed, protect=spec.protect)
        mesh_seed = seed(of_seed, rotation, pulumi.ResourceOptions.merge(child, protected)).result
        members = digest({"membership": membership(spec).encode()})
        kubernetes = args.get("kubernetes", True)
        required = {node.name: host_requirements(plan, node, kubernetes=kubernetes) for node in spec.nodes}
        sites = [Site(Name(name, site.name), site, access, members, required, child) for site in spec.sites]
        self.nodes = tuple(node for site in sites for node in site.nodes)
        # One resource holds all public keys and is created after every preflight. Tunnels depend on it alone, so that
        # neither the state nor the diff of a node grows with the number of nodes.
        self.answered = catalogue = _gate(
            f"{name}-catalogue",
            pulumi.Output.all(**{node.spec.name: node.key.public for node in self.nodes}).apply(json.dumps),
            [node.preflight for node in self.nodes],
            self,
        )
        by_name = {node.spec.name: node for node in self.nodes}
        clients = [
            Client(Name(name, client.name), spec, client, by_name[gateway_of(spec, client).name], mesh_seed, child)
            for client in spec.clients
        ]
        self.clients = {client.spec.name: client.configuration for client in clients}
        self.public_keys = catalogue.stdin.apply(lambda text: dict(json.loads(text or "{}")))
        deployer = args["deployer"]
        address = str(spec.node(deployer).address)
        login = self.deployer_key.public.apply(lambda public: authorized_key(public, address))
        self._tunnels = [
            Tunnel(
                plan,
                node,
                self.public_keys,
                {client.spec.name: client.public for client in clients if client.gateway is node},
                login,
                mesh_seed,
                self.work,
                pulumi.ResourceOptions(parent=node),
                kubernetes=kubernetes,
            )
            for node in self.nodes
        ]
        grown = _gate(f"{name}-grown", None, [tunnel.grown for tunnel in self._tunnels], self)
        self.verified = [tunnel.verify(after=grown) for tunnel in self._tunnels]
        served = self._services()
        self.ready = [*self.verified, *served.values(), *self._firewalls(spec, served, last)]
        self.measurement = measure(
            self,
            f"{name}-measured",
            plan,
            by_name[deployer].host,
            self.deployer_key.private,
            self.verified,
            last,
        )
        self.register_outputs({"publicKeys": self.public_keys})

    def host(self, node: str) -> Host:
        """Return the connection to a node. Raises KeyError when no node has this name."""
        return {member.spec.name: member.host for member in self.nodes}[node]

    def uploaded(self, node: str) -> CopyToRemote:
        """Return the upload to a node; KeyError when there is none of this name."""
        return {one.spec.name: tunnel.uploaded for one, tunnel in zip(self.nodes, self._tunnels, strict=True)}[node]

    def _services(self) -> dict[str, Command]:
        """Return, by node name, the command after which the node's configuration for services is in force."""
        pairs = zip(self.nodes, self._tunnels, self.verified, strict=True)
        of_nodes = {node.spec.name: tunnel.services(after=verified) for node, tunnel, verified in pairs}
        return {name: services.served for name, services in of_nodes.items() if services}

    def _firewalls(self, spec: Spec, served: Mapping[str, Command], last: LastUpdate) -> list[Command]:
        """Return the commands after which the hosts' firewalls are in force; none when no firewall is declared.

        A host's services, which know the permitted clients, are in force before the firewall opens their ports.
        """
        if not any(site.firewall.enabled for site in spec.sites):
            return []
        firewalls = []
        for node, tunnel, verified in zip(self.nodes, self._tunnels, self.verified, strict=True):
            before = served.get(node.spec.name)
            firewalls.append(tunnel.firewall(after=[verified, *([before] if before else [])], last=last))
        return [firewall.confirmed for firewall in firewalls if firewall]

    def announce(self, overview: Overview, readme: Path, diagram: Path) -> None:
        """Log in a preview who reaches whom, where services enter, and the paths of both documents.

        Pulumi itself shows only the beginning of an output.
        """
        if pulumi.runtime.is_dry_run():
            tables = "\n\n".join(filter(None, [reachability_table(overview), relayed_paths(overview)]))
            services = services_table(overview)
            tables += f"\n\nServices:\n{services}" if services else ""
            files = f"Diagram: {diagram}\nReadme, with the requests to network groups: {readme}"
            pulumi.log.info(f"Reachability, in pairs of nodes:\n{tables}\n{files}", self)

    def prune(self, after: pulumi.Resource) -> list[Command]:
        """Return the commands that remove leaving peers from every host, after `after`."""
        return [tunnel.prune(after) for tunnel in self._tunnels]


def _gate(name: str, text: pulumi.Input[str] | None, after: list[Command], parent: pulumi.Resource) -> LocalCommand:
    """Return a command that only waits for others, so that later resources need a single dependency.

    `text` becomes its standard input, which the stack's state holds.
    """
    return LocalCommand(
        name,
        create="true",
        stdin=text,
        add_previous_output_in_env=False,
        logging=LocalLogging.NONE,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )
