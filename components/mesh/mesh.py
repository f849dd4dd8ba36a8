"""The mesh wg0: every host is asked, then every tunnel grows, then every pair is verified."""

import json
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi_command.local import Command as LocalCommand
from pulumi_command.local import Logging as LocalLogging
from pulumi_command.remote import Command

from components.mesh.client import Client
from components.mesh.key import seed
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
from components.model.spec import Spec
from components.remote.connection import Access
from components.remote.last_update import LastUpdate
from components.remote.uploads import digest


class Mesh(pulumi.ComponentResource):
    """The WireGuard mesh.

    `verified` are the commands after which every tunnel has had a handshake and all nodes answer each other over wg0,
    and `ready` those after which the hosts have their services and firewalls too.
    `public_keys` maps node names to base64 keys and is not secret. `answered` is there when every host has said that it
    can take part: no host is changed before. `clients` maps names of roaming clients to their configurations, secret.
    """

    nodes: tuple[Node, ...]
    answered: LocalCommand
    verified: list[Command]
    ready: list[Command]
    public_keys: pulumi.Output[dict[str, str]]
    clients: dict[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        plan: Plan,
        access: Access,
        deployer: str,
        deployer_key: pulumi.Output[str],
        last: LastUpdate,
        work: Path,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`deployer` is the node that may log in over wg0, with the public SSH key `deployer_key`.

        `work` is where files for upload are rendered.
        """
        super().__init__("stretched:index:Mesh", name, None, opts)
        spec = plan.spec
        child = pulumi.ResourceOptions(parent=self)
        mesh_seed = seed(f"{name}-seed", spec.mesh.rotation, child).result
        occasion = digest({"membership": membership(spec).encode()})
        sites = [Site(site, spec.mesh, access, occasion, child) for site in spec.sites]
        self.nodes = tuple(node for site in sites for node in site.nodes)
        # One resource knows all public keys, and exists only when every host has answered: tunnels depend on it alone,
        # so that neither state nor diff of a node grows with the number of nodes.
        self.answered = catalogue = _gate(
            f"{name}-catalogue",
            pulumi.Output.all(**{node.spec.name: node.key.public for node in self.nodes}).apply(json.dumps),
            [node.preflight for node in self.nodes],
            self,
        )
        by_name = {node.spec.name: node for node in self.nodes}
        clients = [
            Client(spec, client, by_name[gateway_of(spec, client).name], mesh_seed, child) for client in spec.clients
        ]
        self.clients = {client.spec.name: client.configuration for client in clients}
        self.public_keys = catalogue.stdin.apply(lambda text: dict(json.loads(text or "{}")))
        address = str(spec.node(deployer).address)
        authorized = deployer_key.apply(lambda key: authorized_key(key, address))
        self._tunnels = [
            Tunnel(
                plan,
                node,
                self.public_keys,
                {client.spec.name: client.public for client in clients if client.gateway is node},
                authorized,
                mesh_seed,
                work,
                pulumi.ResourceOptions(parent=node),
            )
            for node in self.nodes
        ]
        grown = _gate(f"{name}-grown", None, [tunnel.grown for tunnel in self._tunnels], self)
        self.verified = [tunnel.verify(after=grown) for tunnel in self._tunnels]
        served = self._services()
        self.ready = [*self.verified, *served.values(), *self._firewalls(spec, served, last)]
        self.register_outputs({"publicKeys": self.public_keys})

    def _services(self) -> dict[str, Command]:
        """Return, by the name of a node, the command after which it does what it shall for services."""
        pairs = zip(self.nodes, self._tunnels, self.verified, strict=True)
        found = {node.spec.name: tunnel.services(after=verified) for node, tunnel, verified in pairs}
        return {name: services.served for name, services in found.items() if services}

    def _firewalls(self, spec: Spec, served: Mapping[str, Command], last: LastUpdate) -> list[Command]:
        """Return the commands after which the hosts' firewalls are in force; none where none is declared.

        A port is opened once it is known there who may come to it.
        """
        if not any(site.firewall.enabled for site in spec.sites):
            return []
        firewalls = []
        for node, tunnel, verified in zip(self.nodes, self._tunnels, self.verified, strict=True):
            before = served.get(node.spec.name)
            firewalls.append(tunnel.firewall(after=[verified, *([before] if before else [])], last=last))
        return [firewall.confirmed for firewall in firewalls if firewall]

    def announce(self, overview: Overview, whole: Path, drawing: Path) -> None:
        """Say in a preview who reaches whom, and where services enter; the files tell more.

        Pulumi shows but the beginning of outputs.
        """
        if pulumi.runtime.is_dry_run():
            tables = "\n\n".join(filter(None, [reachability_table(overview), relayed_paths(overview)]))
            services = services_table(overview)
            tables += f"\n\nServices:\n{services}" if services else ""
            more = f"Drawn: {drawing}\nWith a diagram, and what to ask network groups for: {whole}"
            pulumi.log.info(f"Who reaches whom, in pairs of nodes:\n{tables}\n{more}", self)

    def prune(self, after: pulumi.Resource) -> list[Command]:
        """Return the commands that drop leaving peers everywhere, once `after` is done."""
        return [tunnel.prune(after) for tunnel in self._tunnels]


def _gate(name: str, text: pulumi.Input[str] | None, after: list[Command], parent: pulumi.Resource) -> LocalCommand:
    """Return a resource that does nothing but wait for others, so that what follows needs one dependency only."""
    return LocalCommand(
        name,
        create="true",
        stdin=text,
        add_previous_output_in_env=False,
        logging=LocalLogging.NONE,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )
