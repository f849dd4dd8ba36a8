# ruff: noqa: N802 - the protocol names the methods
"""The plug-in ``command``, with the official one's answers about its configuration."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2

from lab.plugins.command.inputs import run_of, text
from lab.plugins.command.resources import CopyToRemote, LocalCommand, RemoteCommand
from lab.plugins.service import Plugin
from lab.plugins.values import Properties, decode, encode

if TYPE_CHECKING:
    from lab.plugins.engine import Engine
    from lab.plugins.service import Context

FRAMEWORK_VERSION = "1.2.0"
"""Version of the framework of the official plug-in 1.2.1, which records it in the provider's state."""


class Command(Plugin):
    """remote.Command, remote.CopyToRemote, local.Command and local.run. The version is that of the installed SDK."""

    name = "command"
    no_handshake = "method Handshake not implemented"

    def __init__(self, engine: Engine) -> None:
        super().__init__(
            engine,
            {
                "command:local:Command": LocalCommand(),
                "command:remote:Command": RemoteCommand(),
                "command:remote:CopyToRemote": CopyToRemote(),
            },
        )
        self.version = version("pulumi_command")

    def capabilities(self) -> provider_pb2.ConfigureResponse:
        """Accept all forms of values."""
        return provider_pb2.ConfigureResponse(
            acceptOutputs=True, acceptResources=True, acceptSecrets=True, supportsPreview=True
        )

    async def CheckConfig(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:  # noqa: ARG002
        """Add the framework's version to the inputs: without it, they would differ from the state."""
        inputs = decode(request.news) | {"__pulumi-go-provider-version": FRAMEWORK_VERSION}
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    async def DiffConfig(self, request: object, context: Context) -> NoReturn:  # noqa: ARG002
        """Decline; the engine then treats a changed configuration as a new provider."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "DiffConfig is not implemented")

    async def invoke(self, token: str, arguments: Properties) -> Properties:
        """Call ``command:local:run``, which runs a command, in previews too."""
        if token != "command:local:run":  # noqa: S105 - a function's name
            return await super().invoke(token, arguments)
        from lab.plugins.command import local  # noqa: PLC0415 - a preview rarely needs it

        run = run_of(text(arguments.get("command")), arguments, previous={})
        return arguments | await local.run(arguments, run, self.engine.for_resource(""))
