"""One host of the cluster: its key, and the question whether it can take part."""

import pulumi
from pulumi_command.remote import Command

from components.mesh.key import Key, wireguard
from components.model.spec import Node as NodeSpec
from components.remote import host_files
from components.remote.bastion import explaining
from components.remote.commands import command
from components.remote.connection import Access, Host, host_of

PREFLIGHT_LIMIT = 60
"""Seconds."""


class Node(pulumi.ComponentResource):
    """One host. `key` is its WireGuard key; `preflight` succeeds when it answers and can take part."""

    spec: NodeSpec
    host: Host
    key: Key
    preflight: Command

    def __init__(
        self,
        spec: NodeSpec,
        access: Access,
        occasion: str,
        ssh_from: tuple[str, ...],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`occasion` names the state of the whole mesh: when it changes, the host is asked again before any change.

        `ssh_from` are the ranges that its firewall shall let SSH in from; empty: it gets none of ours.
        """
        super().__init__("stretched:index:Node", spec.name, None, opts)
        self.spec = spec
        self.host = host_of(spec, access)
        child = pulumi.ResourceOptions(parent=self)
        self.key = Key(f"{spec.name}-key", spec.rotation, wireguard, child)
        asked = ("login.sh", "preflight.sh") if ssh_from else ("preflight.sh",)
        self.preflight = command(
            f"{spec.name}-preflight",
            self.host,
            create=" ".join([f"{self.host.become}timeout {PREFLIGHT_LIMIT} sh -s {occasion}", *ssh_from]),
            stdin="".join(host_files.scripts("node")[name].decode() for name in asked),
            opts=pulumi.ResourceOptions(parent=self, hooks=explaining(spec.name, spec.ssh)),
        )
        self.register_outputs({"address": str(spec.address), "publicKey": self.key.public})
