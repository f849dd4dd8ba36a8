"""A host's side of the mesh: its files, its packages, wg0, and the proof that every peer answers."""

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pulumi
from pulumi_command.remote import Command, CopyToRemote

from components.mesh import firewall, services
from components.mesh.firewall import Firewall
from components.mesh.node import Node
from components.mesh.services import Services
from components.model.files.failover_conf import failover_conf
from components.model.files.firewall_conf import firewall_conf
from components.model.files.wireguard import wg0_conf
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
    """wg0 on one host.

    `grown` is the command after which all declared peers are there and leaving ones still are. The state holds a hash
    of the peers, and one line of secrets a tunnel; it has no dependency on the other nodes but the catalogue.
    """

    grown: Command
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
    ) -> None:
        """`public_keys` by node name; `client_keys` those of the clients that come in by this node.

        `authorized_keys` is the line that lets the deployer in; `mesh_seed` is secret; `work` is where files for upload
        are rendered.
        """
        spec, routes, name = plan.spec, plan.routes, node.spec.name
        of_tunnel = node.name.child("tunnel")
        super().__init__("stretched:index:Tunnel", str(of_tunnel), None, of_tunnel.options(opts))
        self._node = node
        self._measurement = spec.mesh.measurement
        child = pulumi.ResourceOptions(parent=self)
        scripts = _scripts()
        peers = peers_of(spec, routes, node.spec)
        relay = carries(spec, routes, node.spec)
        failover = failover_conf(watch_of(spec, routes, node.spec)).encode()

        def render(values: tuple[dict[str, str], str]) -> dict[str, bytes]:
            keys, authorized = values
            conf = wg0_conf(spec.mesh, node.spec, peers, keys, relay=relay)
            return {
                **scripts,
                "wg0.public.conf": conf.encode(),
                "failover.conf": failover,
                "authorized_keys": authorized.encode(),
            }

        files = pulumi.Output.all(public_keys, authorized_keys, dict(client_keys)).apply(
            lambda values: render(({**values[0], **values[2]}, values[1]))
        )
        self._bundle = files.apply(lambda found: bundle(KIND, found))
        # Bundles of their own: another firewall, or service, is no reason to look at the tunnels again.
        opened, serving = openings(plan, node.spec), services.files(plan.serving[name])
        self._facts = bundle(firewall.KIND, {firewall.FACTS: firewall_conf(opened).encode()}) if opened else None
        self._services = bundle(services.KIND, serving) if serving else None
        beside = tuple(found for found in (self._facts, self._services) if found)
        content = _archive(work, self._bundle, bundle(KIND, scripts), beside, name)
        self.uploaded = upload(node.name.child("files"), node.host, content, child)
        to_prepare = [shlex.quote(name), *(["firewall"] if self._facts else [])]
        prepared = command(
            node.name.child("prepared"),
            node.host,
            create=pulumi.Output.concat(
                self._bundle.apply(lambda found: found.take_over(node.host, name, first=True)),
                " && ",
                self._line(PREPARE, "apply", *to_prepare),
            ),
            delete=PREPARE.line_for_delete(node.host),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.uploaded]),
        )
        self.grown = command(
            node.name.child("grown"),
            node.host,
            create=self._line(TUNNEL, "grow"),
            delete=TUNNEL.line_for_delete(node.host),
            stdin=_secrets(spec, node, peers, mesh_seed),
            secret=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[prepared]),
        )
        self.register_outputs({})

    def _line(self, script: Script, *words: str) -> pulumi.Output[str]:
        return self._bundle.apply(lambda found: script.line(self._node.host, *words, of=found))

    def verify(self, after: pulumi.Resource) -> Command:
        """Return the command that succeeds when every peer of this host answers over wg0.

        It also fits the MTU of routes to what the paths carry, again when `measurement` is another text.
        """
        lines = [self._line(VERIFY), self._line(FIT, *occasion(self._measurement))]
        return command(
            self._node.name.child("verified"),
            self._node.host,
            create=pulumi.Output.concat(lines[0], " && ", lines[1]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after, self.grown]),
        )

    def services(self, after: pulumi.Resource) -> Services | None:
        """Return what the host does for services, None where it does nothing."""
        if self._services is None:
            return None
        return Services(self._node, self._services, [self.uploaded, after], pulumi.ResourceOptions(parent=self))

    def firewall(self, after: list[pulumi.Resource], last: LastUpdate) -> Firewall | None:
        """Return the host's firewall, None where it shall have none of ours."""
        if self._facts is None:
            return None
        return Firewall(self._node, self._facts, last, [self.uploaded, *after], pulumi.ResourceOptions(parent=self))

    def prune(self, after: pulumi.Resource) -> Command:
        """Return the command that drops the peers which the configuration no longer has."""
        return command(
            self._node.name.child("pruned"),
            self._node.host,
            create=self._line(TUNNEL, "prune"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )


def occasion(measurement: str) -> list[str]:
    """Return the word that has a command run again when the text is another one; none without a text."""
    return [digest({"measurement": measurement.encode()})] if measurement else []


@cache
def _scripts() -> dict[str, bytes]:
    """Return what is uploaded to every host alike; preflight.sh goes another way."""
    node = {name: text for name, text in host_files.scripts("node").items() if name != "preflight.sh"}
    return {**node, **host_files.package("components.hosts.paths")}


def _archive(
    work: Path, known: pulumi.Output[Bundle], otherwise: Bundle, beside: tuple[Bundle, ...], name: str
) -> pulumi.Output[pulumi.Archive]:
    """Return the directory to upload. The first preview knows no keys yet and shows the scripts alone, `otherwise`.

    The plug-in refuses an archive that is not known, in a preview too.
    """

    def rendered(found: object) -> pulumi.Archive:
        whole = found if isinstance(found, Bundle) else otherwise
        return archive(work, (whole, *beside), name)

    return known.apply(rendered, run_with_unknowns=True)


def _secrets(spec: Spec, node: Node, peers: tuple[Peer, ...], mesh_seed: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return what scripts/node/secrets.awk reads. Secret."""
    me = (node.spec.name, node.spec.rotation)
    rotations = {other.name: other.rotation for other in spec.nodes}
    rotations |= {client.name: client.rotation for client in spec.clients}

    def lines(values: tuple[str, str]) -> str:
        private, seed = values
        psks = [
            f"psk {peer.address}/32 {preshared_key(seed, me, (peer.name, rotations[peer.name]))}\n"
            for peer in peers
            if spec.mesh.preshared_keys
        ]
        return "".join([f"private {private}\n", *psks])

    both = pulumi.Output.all(node.key.private, mesh_seed)
    return pulumi.Output.secret(both.apply(lambda values: lines((values[0], values[1]))))
