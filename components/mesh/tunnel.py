"""WireGuard on one host: uploaded files, packages, the interface wg0, and the verification of every peer."""

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pulumi
from pulumi_command.remote import Command, CopyToRemote

from components.mesh import firewall, services
from components.mesh.firewall import Firewall
from components.mesh.machines import PREPARED
from components.mesh.node import Node
from components.mesh.services import Services
from components.model.files.failover_conf import failover_conf
from components.model.files.firewall_conf import firewall_conf
from components.model.files.open_conf import open_conf
from components.model.files.wireguard import wg0_conf
from components.model.firewall.needs import needs
from components.model.firewall.openings import openings
from components.model.mesh.failover import watch_of
from components.model.mesh.key_derivation import preshared_key
from components.model.mesh.peers import Peer, carries, peers_of
from components.model.plan import Plan
from components.model.spec import Spec
from components.remote import host_files
from components.remote.bundles import Bundle, bundle
from components.remote.commands import Script, command
from components.remote.last_update import LastUpdate
from components.remote.uploads import archive, digest, upload

KIND = "node"
PREPARE = Script(KIND, "prepare.sh", limit=600)
TUNNEL = Script(KIND, "tunnel.sh", limit=180)
VERIFY = Script(KIND, "verify.sh", limit=240)
FIT = Script(KIND, "fit.sh", limit=120)


class Tunnel(pulumi.ComponentResource):
    """The interface wg0 of one host.

    The stack's state holds a hash of its peers, and one line of secrets for each. Its only dependency on other nodes
    is the catalogue of public keys.
    """

    grown: Command
    """The command after which wg0 has all declared peers, and still has those that are leaving."""
    uploaded: CopyToRemote

    def __init__(
        self,
        plan: Plan,
        node: Node,
        public_keys: pulumi.Output[dict[str, str]],
        client_keys: Mapping[str, pulumi.Output[str]],
        authorized_keys: pulumi.Output[str],
        mesh_seed: pulumi.Output[str],
        work: Path,
        opts: pulumi.ResourceOptions | None = None,
        *,
        kubernetes: bool,
    ) -> None:
        """`public_keys` are WireGuard keys by node name, `client_keys` by the names of clients that dial this node.

        `authorized_keys` is the line that admits the deployer; `mesh_seed` is the seed of preshared keys, secret;
        `work` is the directory for rendered files; `kubernetes`: the hosts become nodes of Kubernetes.
        """
        spec, routes, name = plan.spec, plan.routes, node.spec.name
        tunnel_name = node.name.child("tunnel")
        super().__init__("stretched:index:Tunnel", str(tunnel_name), None, tunnel_name.options(opts))
        self._node = node
        self._measurement = spec.mesh.measurement
        child = pulumi.ResourceOptions(parent=self)
        scripts = _scripts()
        peers = peers_of(spec, routes, node.spec)
        relay = carries(spec, routes, node.spec)
        inside = (spec.kubernetes.pod_cidr, spec.kubernetes.service_cidr)
        failover = failover_conf(watch_of(spec, routes, node.spec)).encode()
        opened_always = open_conf(needs(spec, kubernetes=kubernetes)).encode()

        def render(values: tuple[dict[str, str], str]) -> dict[str, bytes]:
            keys, authorized = values
            conf = wg0_conf(spec.mesh, node.spec, peers, keys, relay=relay, inside=inside)
            return {
                **scripts,
                "wg0.public.conf": conf.encode(),
                "failover.conf": failover,
                "open.conf": opened_always,
                "authorized_keys": authorized.encode(),
            }

        files = pulumi.Output.all(public_keys, authorized_keys, dict(client_keys)).apply(
            lambda values: render(({**values[0], **values[2]}, values[1]))
        )
        self._bundle = files.apply(lambda rendered: bundle(KIND, rendered))
        # These are bundles of their own, so that a changed firewall or service does not run the tunnel's scripts again.
        opened, serving = openings(plan, node.spec), services.files(plan.serving[name])
        self._facts = bundle(firewall.KIND, {firewall.FACTS: firewall_conf(opened).encode()}) if opened else None
        self._services = bundle(services.KIND, serving) if serving else None
        others = tuple(optional for optional in (self._facts, self._services) if optional)
        content = _archive(work, self._bundle, bundle(KIND, scripts), others, name)
        self.uploaded = upload(node.name.child("files"), node.host, content, child)
        prepared = command(
            node.name.child(PREPARED),
            node.host,
            create=pulumi.Output.concat(
                self._bundle.apply(lambda known: known.take_over(node.host, name, first=True)),
                " && ",
                self._line(PREPARE, "apply", shlex.quote(name)),
            ),
            delete=PREPARE.line_for_delete(node.host, name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.uploaded]),
        )
        self.grown = command(
            node.name.child("grown"),
            node.host,
            create=self._line(TUNNEL, "grow"),
            delete=TUNNEL.line_for_delete(node.host, name),
            stdin=_secrets(spec, node, peers, mesh_seed),
            secret=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[prepared]),
        )
        self.register_outputs({})

    def _line(self, script: Script, *words: str) -> pulumi.Output[str]:
        return self._bundle.apply(lambda known: script.line(self._node.host, *words, of=known))

    def verify(self, after: pulumi.Resource) -> Command:
        """Return the command that succeeds when every peer of this host answers over wg0.

        It also sets the MTU of routes to the path MTU, and does so again when `mesh.measurement` changes.
        """
        lines = [self._line(VERIFY), self._line(FIT, *measurement_words(self._measurement))]
        return command(
            self._node.name.child("verified"),
            self._node.host,
            create=pulumi.Output.concat(lines[0], " && ", lines[1]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after, self.grown]),
        )

    def services(self, after: pulumi.Resource) -> Services | None:
        """Return the host's services; None when it serves nothing."""
        if self._services is None:
            return None
        return Services(self._node, self._services, [self.uploaded, after], pulumi.ResourceOptions(parent=self))

    def firewall(self, after: list[pulumi.Resource], last: LastUpdate) -> Firewall | None:
        """Return the host's firewall; None when none is declared."""
        if self._facts is None:
            return None
        return Firewall(self._node, self._facts, last, [self.uploaded, *after], pulumi.ResourceOptions(parent=self))

    def prune(self, after: pulumi.Resource) -> Command:
        """Return the command that removes the peers that are no longer declared."""
        return command(
            self._node.name.child("pruned"),
            self._node.host,
            create=self._line(TUNNEL, "prune"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )


def measurement_words(measurement: str) -> list[str]:
    """Return an argument that changes with the text, so that the command runs again; none when the text is empty."""
    return [digest({"measurement": measurement.encode()})] if measurement else []


@cache
def _scripts() -> dict[str, bytes]:
    """Return the files that every host gets; preflight.sh runs from standard input instead."""
    node = {name: text for name, text in host_files.scripts("node").items() if name != "preflight.sh"}
    return {**node, **host_files.package("components.hosts.paths")}


def _archive(
    work: Path, rendered: pulumi.Output[Bundle], fallback: Bundle, others: tuple[Bundle, ...], node: str
) -> pulumi.Output[pulumi.Archive]:
    """Return the directory to upload, with `rendered` and `others`.

    The first preview knows no keys yet, so it has `fallback`, the scripts alone, instead of `rendered`: the plug-in
    refuses an unknown archive, even in a preview.
    """

    def pack(value: object) -> pulumi.Archive:
        own = value if isinstance(value, Bundle) else fallback
        return archive(work, (own, *others), node)

    return rendered.apply(pack, run_with_unknowns=True)


def _secrets(spec: Spec, node: Node, peers: tuple[Peer, ...], mesh_seed: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return the input of scripts/node/secrets.awk: the private key, and a preshared key for each peer. Secret."""
    own = (node.spec.name, node.spec.rotation)
    rotations = {member.name: member.rotation for member in spec.nodes}
    rotations |= {client.name: client.rotation for client in spec.clients}

    def lines(values: tuple[str, str]) -> str:
        private, seed = values
        psks = [
            f"psk {peer.address}/32 {preshared_key(seed, own, (peer.name, rotations[peer.name]))}\n"
            for peer in peers
            if spec.mesh.preshared_keys
        ]
        return "".join([f"private {private}\n", *psks])

    inputs = pulumi.Output.all(node.key.private, mesh_seed)
    return pulumi.Output.secret(inputs.apply(lambda values: lines((values[0], values[1]))))
