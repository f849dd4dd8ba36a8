"""The engine as a plug-in sees it: a log, and a peer that may disappear."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

import grpc.aio
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

GIVE_UP_AFTER = 2
"""Number of consecutive health checks without answer after which the engine is gone."""

PROBE_SECONDS = 10.0
"""Interval and timeout of health checks."""


@dataclass
class Engine:
    """The engine at ``address`` (host:port); while it is None, messages go to stderr."""

    address: str | None = None
    _channel: grpc.aio.Channel | None = field(default=None, init=False)

    def attach(self, address: str) -> None:
        """Connect to the engine, lazily: nothing is sent before the first message."""
        self.address = address
        self._channel = grpc.aio.insecure_channel(address)

    async def log(self, message: str, urn: str = "", *, severity: str = "INFO", ephemeral: bool = False) -> None:
        """Show a message; an ephemeral one in the status column only. A lost engine is not an error here."""
        if self._channel is None:
            print(f"{severity.lower()}: {message}", file=sys.stderr, flush=True)
            return
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=message, urn=urn, ephemeral=ephemeral
        )
        stub: engine_pb2_grpc.EngineAsyncStub = engine_pb2_grpc.EngineStub(self._channel)  # type: ignore[assignment]
        try:
            await stub.Log(request)
        except grpc.aio.AioRpcError as error:
            print(f"cannot reach the engine's log: {error.details()}", file=sys.stderr, flush=True)

    def for_resource(self, urn: str) -> ResourceLog:
        """Return a log that adds the resource to every message."""
        return ResourceLog(self, urn)

    async def wait_until_gone(self) -> None:
        """Return when the engine no longer answers; never return when there is none."""
        missed = 0
        while missed < GIVE_UP_AFTER:
            await asyncio.sleep(PROBE_SECONDS)
            missed = missed + 1 if self._channel is not None and not await self._answers(self._channel) else 0

    async def _answers(self, channel: grpc.aio.Channel) -> bool:
        check: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
        try:
            await check(b"", timeout=PROBE_SECONDS)
        except grpc.aio.AioRpcError as error:
            # The engine has no health service, so an error of another kind is a sign of life.
            return error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
        return True


@dataclass(frozen=True)
class ResourceLog:
    """The engine's log for one resource."""

    engine: Engine
    urn: str

    async def status(self, message: str) -> None:
        """Show a line of output or progress temporarily."""
        await self.engine.log(message, self.urn, ephemeral=True)

    async def warning(self, message: str) -> None:
        """Add a warning to the diagnostics of the update."""
        await self.engine.log(message, self.urn, severity="WARNING")

    async def error(self, message: str) -> None:
        """Add an error to the diagnostics of the update; the engine counts it as a failure of the resource."""
        await self.engine.log(message, self.urn, severity="ERROR")
