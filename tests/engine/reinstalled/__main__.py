"""Uploads and commands of at most one host, by the project's own modules; the host is a directory on this machine."""

from dataclasses import replace

import pulumi

from components.mesh.machines import PREPARED, refuse_renamed
from components.model.spec import SshTarget
from components.remote import uploads
from components.remote.commands import command
from components.remote.connection import Access, host_of
from components.remote.last_update import last_update
from tests.support.examples import example

config = pulumi.Config()
directory = config.require("directory")
uploads.HOST_DIRECTORY = directory  # type: ignore[attr-defined] # instead of one below the home of this machine's root
target = SshTarget(config.require("host"), config.require_int("port"), "root", config.require("hostKey"))
nodes = [replace(example().nodes[0], name=name, ssh=target) for name in config.require("nodes").split()]
refuse_renamed("mesh", nodes, last_update())
for node in nodes:
    host = host_of(node, Access.of(config.require_secret("privateKey")))
    source = pulumi.FileArchive(config.require("source"))
    files = uploads.upload(f"mesh-{node.name}-files", host, source, pulumi.ResourceOptions())
    prepared = command(
        f"mesh-{node.name}-{PREPARED}",
        host,
        create=f"cat {directory}/uploaded/file >>{directory}/done",
        delete=f"rm {directory}/done",
        opts=pulumi.ResourceOptions(depends_on=[files]),
    )
    command(
        f"mesh-{node.name}-grown",
        host,
        create=f"cat >>{directory}/done",
        stdin=pulumi.Output.secret("secret of the state\n"),
        secret=True,
        opts=pulumi.ResourceOptions(depends_on=[prepared]),
    )
