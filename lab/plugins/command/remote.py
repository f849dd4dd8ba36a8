"""Execution of a command on an SSH server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from signal import Signals
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.packet import String

from lab.plugins.command.capture import Capture
from lab.plugins.command.ssh import connected
from lab.plugins.resource import OperationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.plugins.command.connection import Connection
    from lab.plugins.command.inputs import Run
    from lab.plugins.engine import ResourceLog
    from lab.plugins.values import Properties

NO_STATUS = "wait: remote command exited without exit status or exit signal"

NO_ACCEPT_ENV = (
    "Unable to set '{}'. This only works if your SSH server is configured to accept\n\tthese variables via AcceptEnv. "
    "Alternatively, if a Bash-like shell runs the command on the remote host, you could\n\tprefix the command itself "
    "with the variables in the form 'VAR=value command'"
)


async def run(connection: Connection, command: Run, log: ResourceLog) -> Properties:
    """Run a command and return its outputs.

    When cancelled, only close the connection: the official plug-in has no way to end a command on the server either, so
    the command goes on there until it writes to its closed output, or ends.
    """
    async with connected(connection, log) as client, Capture(log, command.logging) as capture:
        session = await _start(client, command, capture, log)
        await session.closed.wait()
        reason = session.failure()
    if reason is not None:
        raise OperationError(capture.error(reason, command.command))
    return {"stdout": capture.text("stdout"), "stderr": capture.text("stderr")}


async def _start(client: asyncssh.SSHClientConnection, command: Run, capture: Capture, log: ResourceLog) -> _Session:
    session = _Session(command, capture, log)
    try:
        channel, _ = await client.create_session(
            lambda: session, command.command, encoding=None, env={}, send_env=None, request_pty=False
        )
    except (asyncssh.Error, OSError) as error:
        message = f"{error}: running a command on {client.get_extra_info('peername')[0]}"
        raise OperationError(message) from error
    with suppress(BrokenPipeError):  # a quick command ends before its standard input is sent
        channel.write(command.stdin.encode())
        channel.write_eof()
    return session


class _Session(asyncssh.SSHClientSession[bytes]):
    """The channel of one command."""

    def __init__(self, command: Run, capture: Capture, log: ResourceLog) -> None:
        self._command = command
        self._capture = capture
        self._log = log
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._lost: Exception | None = None
        self.closed = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Ensure that the server has acknowledged the environment before the command starts.

        asyncssh sends variables without waiting for the server's reply, and a command must not run without its
        variables. The request "exec" therefore waits for the replies here.
        """
        self._channel = chan
        make_request = chan._make_request  # asyncssh has no public method that waits for a reply

        async def after_environment(request: bytes, *args: bytes) -> bool | None:
            if request == b"exec":
                await self._set_environment(make_request)
            return await make_request(request, *args)

        chan._make_request = after_environment  # type: ignore[method-assign]

    async def _set_environment(self, make_request: Callable[..., Awaitable[bool | None]]) -> None:
        for name, value in self._command.environment.items():
            if not await make_request(b"env", String(name), String(value)):
                await self._log.error(NO_ACCEPT_ENV.format(name))
                message = f'could not set environment variable "{name}": ssh: setenv failed'
                raise OperationError(message)
        for name, value in self._command.previous_output.items():
            if not await make_request(b"env", String(name), String(value)):
                await self._log.warning(NO_ACCEPT_ENV.format(name))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Capture output of the command."""
        self._capture.feed("stderr" if datatype == asyncssh.EXTENDED_DATA_STDERR else "stdout", data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Record that the channel is closed, because the command or the connection has ended."""
        self._lost = exc
        self.closed.set()

    def failure(self) -> str | None:
        """Return the reason why the run failed; None: it succeeded."""
        status = self._channel.get_exit_status() if self._channel else None
        signal = self._channel.get_exit_signal() if self._channel else None
        if signal is not None:
            name, _, message, _ = signal
            number = 128 + (Signals[f"SIG{name}"] if f"SIG{name}" in Signals.__members__ else 0)
            return f"Process exited with status {number} from signal {name}" + (f": {message}" if message else "")
        if status is None:
            return f"connection lost: {self._lost}" if self._lost else NO_STATUS
        return f"Process exited with status {status}" if status else None
