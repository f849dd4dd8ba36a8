# ruff: noqa: N802 - the protocol names the methods
"""The plug-in ``random``, with the official one's answers about its configuration."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from pulumi.runtime.proto import provider_pb2

from lab.plugins.random.random_bytes import RandomBytes
from lab.plugins.random.random_password import RandomPassword
from lab.plugins.service import Plugin

if TYPE_CHECKING:
    from lab.plugins.engine import Engine


class Random(Plugin):
    """RandomPassword and RandomBytes. The version is that of the installed SDK."""

    name = "random"
    no_handshake = "unknown method Handshake for service pulumirpc.ResourceProvider"

    def __init__(self, engine: Engine) -> None:
        super().__init__(
            engine,
            {
                "random:index/randomBytes:RandomBytes": RandomBytes(),
                "random:index/randomPassword:RandomPassword": RandomPassword(),
            },
        )
        self.version = version("pulumi_random")

    def capabilities(self) -> provider_pb2.ConfigureResponse:
        """Accept secrets without wrappers, as the official plug-in (a Terraform bridge) does."""
        return provider_pb2.ConfigureResponse(acceptResources=True, supportsPreview=True)

    async def CheckConfig(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:  # noqa: ARG002
        """Return the inputs: there is no configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: object, context: object) -> provider_pb2.DiffResponse:  # noqa: ARG002
        """Return no difference: there is no configuration."""
        return provider_pb2.DiffResponse()
