"""Execution of a command on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lab.plugins.command.capture import Capture, Stream
from lab.plugins.resource import OperationError
from lab.plugins.values import Properties, Value, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.plugins.command.inputs import Run
    from lab.plugins.engine import ResourceLog

TERMINATE_SECONDS = 5.0
"""Time limit for a cancelled command to end after SIGTERM, and again after SIGKILL."""


async def run(inputs: Mapping[str, Value], command: Run, log: ResourceLog) -> Properties:
    """Run a command and return its outputs. When cancelled, end the command's process group first."""
    arguments = [*_interpreter(inputs), command.command]
    directory = plain(inputs.get("dir"))
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE if command.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=directory if isinstance(directory, str) else None,
            env={**os.environ, **command.environment, **command.previous_output},
            start_new_session=True,
        )
    except OSError as error:
        message = f"cannot start {arguments[0]} in {directory or Path.cwd()}: {error.strerror}"
        raise OperationError(message) from error
    async with Capture(log, command.logging) as capture:
        try:
            await asyncio.gather(
                _read(process.stdout, "stdout", capture),
                _read(process.stderr, "stderr", capture),
                _write(process.stdin, command.stdin.encode()),
            )
            status = await process.wait()
        except asyncio.CancelledError:
            await _terminate(process)
            raise
    if status:
        reason = f"exit status {status}" if status > 0 else f"signal: {signal.strsignal(-status)}".lower()
        raise OperationError(capture.error(reason, command.command))
    return {"stdout": capture.text("stdout"), "stderr": capture.text("stderr")}


def _interpreter(inputs: Mapping[str, Value]) -> list[str]:
    interpreter = plain(inputs.get("interpreter"))
    return [str(word) for word in interpreter] if isinstance(interpreter, list) and interpreter else ["/bin/sh", "-c"]


async def _read(reader: asyncio.StreamReader | None, stream: Stream, capture: Capture) -> None:
    while reader is not None and (data := await reader.read(65536)):
        capture.feed(stream, data)


async def _write(writer: asyncio.StreamWriter | None, data: bytes) -> None:
    if writer is None:
        return
    with suppress(ConnectionError):  # a command need not read its input
        writer.write(data)
        await writer.drain()
    writer.close()


async def _terminate(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            async with asyncio.timeout(TERMINATE_SECONDS):
                await process.wait()
                return
        except TimeoutError:
            continue
