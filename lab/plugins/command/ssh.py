"""SSH connections: authentication, host keys, a proxy, retries. Errors read like those of Go's ssh package."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncssh

from lab.plugins.command.tcp import DialError, dial
from lab.plugins.resource import OperationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lab.plugins.command.connection import Connection, Endpoint
    from lab.plugins.engine import ResourceLog

FIRST_DELAY, DELAY_FACTOR, LONGEST_DELAY = 0.1, 1.5, 5.0
"""Seconds between attempts, as in the official plug-in."""


@asynccontextmanager
async def connected(connection: Connection, log: ResourceLog) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """A connection, closed at the end. Raises OperationError after the last attempt."""
    options = await client_options(connection.target)
    if connection.proxy is None:
        client = await retry("Dial", connection.target, log, lambda: _dial(connection.target, options))
        async with client:
            yield client
        return
    proxy = connection.proxy
    try:
        proxy_options = await client_options(proxy)
        tunnel = await retry("Dial proxy", proxy, log, lambda: _dial(proxy, proxy_options))
    except OperationError as error:
        raise OperationError(f"proxy: {error}") from error
    async with tunnel:
        try:
            client = await retry(
                "Dial from proxy", connection.target, log, lambda: _dial(connection.target, options, tunnel)
            )
        except OperationError as error:
            raise OperationError(f"proxy: {error}") from error
        async with client:
            yield client


async def retry(
    what: str, endpoint: Endpoint, log: ResourceLog, attempt: Callable[[], Awaitable[asyncssh.SSHClientConnection]]
) -> asyncssh.SSHClientConnection:
    """The first connection that succeeds; after the limit of failures there is one last attempt."""
    limit, delay, failures = endpoint.dial_error_limit, FIRST_DELAY, 0
    while True:
        try:
            return await attempt()
        except DialError as error:
            if 0 <= limit <= failures:
                raise OperationError(f"after {failures} failed attempts: {error}") from error
            failures += 1
            await log.status(f"{what} {failures}/{limit if limit != -1 else 'inf'} failed: retrying")
        await asyncio.sleep(min(delay, LONGEST_DELAY))
        delay *= DELAY_FACTOR


async def _dial(
    endpoint: Endpoint,
    options: asyncssh.SSHClientConnectionOptions,
    tunnel: asyncssh.SSHClientConnection | None = None,
) -> asyncssh.SSHClientConnection:
    """One attempt. Raises DialError."""
    try:
        if tunnel is not None:
            return await asyncssh.connect(endpoint.host, endpoint.port, tunnel=tunnel, options=options)
        socket = await dial(endpoint.host, endpoint.port, endpoint.per_dial_timeout)
        return await asyncssh.connect(endpoint.host, endpoint.port, sock=socket, options=options)
    except asyncssh.HostKeyNotVerifiable as error:
        raise DialError("ssh: handshake failed: ssh: host key mismatch") from error
    except asyncssh.PermissionDenied as error:
        methods = " ".join(_methods(options))
        message = (
            "ssh: handshake failed: ssh: unable to authenticate, "
            f"attempted methods [{methods}], no supported methods remain"
        )
        raise DialError(message) from error
    except asyncssh.ChannelOpenError as error:
        message = f"ssh: rejected: {error.reason}"
        raise DialError(message) from error
    except (asyncssh.Error, OSError) as error:
        message = f"ssh: handshake failed: {error}"
        raise DialError(message) from error


def _methods(options: asyncssh.SSHClientConnectionOptions) -> list[str]:
    keys = ["publickey"] if options.client_keys or options.agent_path else []
    return ["none", *keys, *(["password", "keyboard-interactive"] if options.password else [])]


async def client_options(endpoint: Endpoint) -> asyncssh.SSHClientConnectionOptions:
    """What a connection needs besides its address. Nothing of the user's own SSH configuration counts.

    Raises OperationError, which is not worth a retry, for keys that cannot be read and an agent that does not answer.
    """
    agent = endpoint.agent_socket_path or os.environ.get("SSH_AUTH_SOCK") or None
    if agent is not None:
        await _check_agent(agent)
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        username=endpoint.user,
        password=endpoint.password,
        client_keys=[_private_key(endpoint)] if endpoint.private_key is not None else None,
        agent_path=agent,
        known_hosts=None if endpoint.host_key is None else ([_host_key(endpoint.host_key)], [], []),
        x509_trusted_certs=None,
        gss_host=None,
        compression_algs=["none"],
    )


def _host_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError) as error:
        raise OperationError(f"failed to parse host key: {error}") from error


def _private_key(endpoint: Endpoint) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(endpoint.private_key or "", endpoint.private_key_password)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        # The library's message names the form of the key, never a part of it.
        raise OperationError(f"cannot read the private key for {endpoint.host}: {error}") from None


async def _check_agent(path: str) -> None:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError as error:
        raise OperationError(f"dial unix {path}: connect: {os.strerror(error.errno or 0).lower()}") from error
    writer.close()
