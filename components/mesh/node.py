"""One host of the mesh: its WireGuard key, and its preflight check."""

import pulumi
from pulumi_command.remote import Command

from components.mesh.key import Key, wireguard
from components.model.spec import Node as NodeSpec
from components.remote import host_files
from components.remote.bastion import error_hook
from components.remote.commands import command
from components.remote.connection import Access, Host, host_of
from components.remote.resource_names import Name

PREFLIGHT_LIMIT = 60
"""Seconds."""


class Node(pulumi.ComponentResource):
    """One host of the mesh."""

    spec: NodeSpec
    name: Name
    host: Host
    key: Key
    """Its WireGuard key."""
    preflight: Command
    """Succeeds when the host answers and meets all requirements. It changes nothing on the host."""

    def __init__(
        self,
        name: Name,
        spec: NodeSpec,
        access: Access,
        members: str,
        ssh_from: tuple[str, ...],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`members` is a digest of the mesh's membership: when it changes, the host is checked again before any change.

        `ssh_from` are the ranges from which its firewall admits SSH; empty: this program sets no firewall there.
        """
        super().__init__("stretched:index:Node", str(name), None, name.options(opts))
        self.spec, self.name = spec, name
        self.host = host_of(spec, access)
        child = pulumi.ResourceOptions(parent=self)
        self.key = Key(name.child("key"), spec.rotation, wireguard, child)
        scripts = ("login.sh", "preflight.sh") if ssh_from else ("preflight.sh",)
        self.preflight = command(
            name.child("preflight"),
            self.host,
            create=" ".join([f"{self.host.become}timeout {PREFLIGHT_LIMIT} sh -s {members}", *ssh_from]),
            stdin="".join(host_files.scripts("node")[script].decode() for script in scripts),
            opts=pulumi.ResourceOptions(parent=self, hooks=error_hook(str(name), spec.ssh)),
        )
        self.register_outputs({"address": str(spec.address), "publicKey": self.key.public})
