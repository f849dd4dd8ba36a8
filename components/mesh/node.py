"""One host of the mesh: its WireGuard key, and its preflight check."""

import shlex

import pulumi
from pulumi_command.remote import Command

from components.mesh.key import Key, wireguard
from components.model.files.preflight_words import preflight_words
from components.model.requirements import Requirements
from components.model.spec import Node as NodeSpec
from components.remote import host_files
from components.remote.bastion import error_hook
from components.remote.commands import command
from components.remote.connection import Access, Host, host_of
from components.remote.resource_names import Name

PREFLIGHT_LIMIT = 120
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
        required: Requirements,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`members` is a digest of the mesh's membership: when it changes, the host is checked again."""
        super().__init__("stretched:index:Node", str(name), None, name.options(opts))
        self.spec, self.name = spec, name
        self.host = host_of(spec, access)
        child = pulumi.ResourceOptions(parent=self)
        self.key = Key(name.child("key"), spec.rotation, wireguard, child)
        words = (f"members={members}", *preflight_words(required))
        self.preflight = command(
            name.child("preflight"),
            self.host,
            create=f"{self.host.become}timeout {PREFLIGHT_LIMIT} sh -s -- {shlex.join(words)}",
            stdin=host_files.preflight(),
            opts=pulumi.ResourceOptions(parent=self, hooks=error_hook(str(name), spec.ssh)),
        )
        self.register_outputs({"address": str(spec.address), "publicKey": self.key.public})
