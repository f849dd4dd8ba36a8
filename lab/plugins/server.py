"""The process of a plug-in. The engine starts it with its own address; the plug-in prints the port that it serves."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc

from lab.plugins.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.plugins.service import Plugin

MESSAGE_BYTES = 400 * 1024 * 1024
"""Pulumi's own limit for a message."""

CLEAN_UP_SECONDS = 5.0
"""Time limit for the clean-up of cancelled operations."""


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return the positional argument among the Go flags that the engine passes; None: the engine attaches later."""
    rest = list(arguments)
    positional = []
    while rest:
        argument = rest.pop(0)
        if argument.lstrip("-") == "tracing" and rest:
            rest.pop(0)
        elif not argument.startswith("-"):
            positional.append(argument)
    return positional[-1] if positional else None


async def serve(plugin: Plugin) -> None:
    """Serve until the engine is gone or a signal arrives, then end the running commands."""
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.aio.server(options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.ensure_future(plugin.engine.wait_until_gone())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.cancel)
    print(port, flush=True)
    await asyncio.wait({stop})
    await plugin.operations.cancel_and_wait(CLEAN_UP_SECONDS)
    await server.stop(grace=None)


def main(plugin: Callable[[Engine], Plugin]) -> None:
    """Run a plug-in with this process's arguments."""
    engine = Engine()

    async def run() -> None:
        address = engine_address(sys.argv[1:])
        if address is not None:
            engine.attach(address)
        await serve(plugin(engine))

    asyncio.run(run())
