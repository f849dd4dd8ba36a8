"""SSH connections: authentication, host keys, a proxy, retries. Errors read like those of Go's ssh package."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import asyncssh

from lab.plugins.command.tcp import DialError, dial
from lab.plugins.resource import OperationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lab.plugins.command.connection import Connection, Endpoint
    from lab.plugins.engine import ResourceLog

_REFUSALS = {1: "administratively prohibited", 2: "connect failed", 3: "unknown channel type", 4: "resource shortage"}
"""Reasons for a rejected channel by code (RFC 4254, section 5.1)."""

FIRST_DELAY, DELAY_FACTOR, LONGEST_DELAY = 0.1, 1.5, 5.0
"""Delays between attempts in seconds, as in the official plug-in."""


@asynccontextmanager
async def connected(connection: Connection, log: ResourceLog) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Provide a connection, which is closed at the end. Raises OperationError after the last attempt."""
    target, proxy = connection.target, connection.proxy
    async with AsyncExitStack() as stack:
        options = await stack.enter_async_context(client_options(target))
        if proxy is None:
            client = await retry("Dial", target, log, lambda: _dial(target, options))
        else:
            try:
                proxy_options = await stack.enter_async_context(client_options(proxy))
                tunnel = await retry("Dial proxy", proxy, log, lambda: _dial(proxy, proxy_options))
                await stack.enter_async_context(tunnel)
                client = await retry("Dial from proxy", target, log, lambda: _dial(target, options, tunnel))
            except OperationError as error:
                message = f"proxy: {error}"
                raise OperationError(message) from error
        yield await stack.enter_async_context(client)


async def retry(
    step: str, endpoint: Endpoint, log: ResourceLog, attempt: Callable[[], Awaitable[asyncssh.SSHClientConnection]]
) -> asyncssh.SSHClientConnection:
    """Return the first connection that succeeds; after the limit of failures, there is one last attempt."""
    limit, delay, failures = endpoint.dial_error_limit, FIRST_DELAY, 0
    while True:
        try:
            return await attempt()
        except DialError as error:
            if 0 <= limit <= failures:
                message = f"after {failures} failed attempts: {error}"
                raise OperationError(message) from error
            failures += 1
            await log.status(f"{step} {failures}/{limit if limit != -1 else 'inf'} failed: retrying")
        await asyncio.sleep(min(delay, LONGEST_DELAY))
        delay *= DELAY_FACTOR


async def _dial(
    endpoint: Endpoint,
    options: asyncssh.SSHClientConnectionOptions,
    tunnel: asyncssh.SSHClientConnection | None = None,
) -> asyncssh.SSHClientConnection:
    """Make one attempt to connect. Raises DialError."""
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
        message = f"ssh: rejected: {_REFUSALS.get(error.code, 'refused')} ({error.reason})"
        raise DialError(message) from error
    except (asyncssh.Error, OSError) as error:
        message = f"ssh: handshake failed: {error}"
        raise DialError(message) from error


def _methods(options: asyncssh.SSHClientConnectionOptions) -> list[str]:
    keys = ["publickey"] if options.client_keys else []
    return ["none", *keys, *(["password", "keyboard-interactive"] if options.password else [])]


@asynccontextmanager
async def client_options(endpoint: Endpoint) -> AsyncIterator[asyncssh.SSHClientConnectionOptions]:
    """Provide the options of a connection. The user's own SSH configuration is ignored.

    Raises OperationError, which is not retried, when a key cannot be read or the agent does not answer.
    """
    known_hosts: tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]] | None
    known_hosts = None if endpoint.host_key is None else ([_host_key(endpoint.host_key)], [], [])
    keys: list[asyncssh.SSHKey | asyncssh.SSHKeyPair] = []
    if endpoint.private_key is not None:
        keys.append(_private_key(endpoint))
    async with AsyncExitStack() as stack:
        path = endpoint.agent_socket_path or os.environ.get("SSH_AUTH_SOCK")
        if path:
            try:
                agent = await stack.enter_async_context(asyncssh.connect_agent(path))
                keys += await agent.get_keys()
            except OSError as error:
                message = f"dial unix {path}: connect: {os.strerror(error.errno or 0).lower()}"
                raise OperationError(message) from error
        yield asyncssh.SSHClientConnectionOptions(
            config=None,
            username=endpoint.user,
            password=endpoint.password,
            client_keys=keys or None,
            agent_path=None,
            known_hosts=known_hosts,
            x509_trusted_certs=None,
            gss_host=None,
            compression_algs=["none"],
        )


def _host_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError) as error:
        message = f"failed to parse host key: {error}"
        raise OperationError(message) from error


def _private_key(endpoint: Endpoint) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(endpoint.private_key or "", endpoint.private_key_password)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        # The library's message contains the format of the key, but no part of the key.
        message = f"cannot read the private key for {endpoint.host}: {error}"
        raise OperationError(message) from None
