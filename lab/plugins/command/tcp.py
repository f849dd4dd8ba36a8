"""TCP connections with the error messages of Go's net package, which users know from the official plug-in."""

from __future__ import annotations

import asyncio
import os
import socket


class DialError(Exception):
    """An attempt to connect failed; the message has the address and the reason."""


async def dial(host: str, port: int, seconds: float) -> socket.socket:
    """Return a connected, non-blocking socket, from the first of the host's addresses that answers.

    The whole call takes at most ``seconds`` (0: no limit). Raises DialError.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds or None):
            try:
                addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except socket.gaierror as error:
                message = f"dial tcp: lookup {host}: {error.strerror}"
                raise DialError(message) from error
            error_of_last = None
            for family, kind, protocol, _, address in addresses:
                try:
                    return await _connect(family, kind, protocol, address)
                except OSError as error:
                    error_of_last = f"dial tcp {join(address[0], port)}: connect: {_reason(error)}"
            raise DialError(error_of_last)
    except TimeoutError:
        message = f"dial tcp {join(host, port)}: i/o timeout"
        raise DialError(message) from None


async def _connect(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        # Keepalives detect a lost peer after about two minutes, as with Go's defaults.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


def join(host: object, port: int) -> str:
    """Return host:port, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _reason(error: OSError) -> str:
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]
