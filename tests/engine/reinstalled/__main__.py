"""Uploads and commands of one host, by the project's own modules; the host is a directory on this machine."""

from dataclasses import replace

import pulumi

from components.model.spec import Node, SshTarget
from components.remote import uploads
from components.remote.commands import command
from components.remote.connection import Access, host_of
from tests.support.examples import example

config = pulumi.Config()
directory = config.require("directory")
uploads.HOST_DIRECTORY = directory  # type: ignore[attr-defined] # instead of one below the home of this machine's root
target = SshTarget(config.require("host"), config.require_int("port"), "root", config.require("hostKey"))
node: Node = replace(example().nodes[0], ssh=target)
host = host_of(node, Access.of(config.require_secret("privateKey")))
files = uploads.upload("files", host, pulumi.FileArchive(config.require("source")), pulumi.ResourceOptions())
prepared = command(
    "prepared",
    host,
    create=f"cat {directory}/uploaded/file >>{directory}/done",
    delete=f"echo removed >>{directory}/done",
    opts=pulumi.ResourceOptions(depends_on=[files]),
)
command(
    "grown",
    host,
    create=f"cat >>{directory}/done",
    stdin=pulumi.Output.secret("secret of the state\n"),
    secret=True,
    opts=pulumi.ResourceOptions(depends_on=[prepared]),
)
