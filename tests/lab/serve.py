"""A program to have behind a service: `serve.py NAME tcp:PORT proxy:PORT udp:PORT...`. Nothing of this tree is imported: it
runs on hosts.

TCP, a line asked, a line told: `who` is answered with the name and the client's address, `get N` with N bytes that
`stream` makes. With `proxy` a header of HAProxy's PROXY protocol, version 2, has to come first, and tells the address.
UDP: the name, the address and what was sent.
"""

import asyncio
import contextlib
import ipaddress
import resource
import socket
import struct
import sys
from collections.abc import Iterator
from typing import cast

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - as programs with a host port do
BLOCK = 1 << 16
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def stream(count: int) -> Iterator[bytes]:
    """Yield blocks, `count` bytes in all, no two blocks alike."""
    for first in range(0, count, BLOCK):
        yield (f"{first:016d}".encode() * (BLOCK // 16))[: min(BLOCK, count - first)]


async def header(reader: asyncio.StreamReader) -> str:
    """Return the client's address by the header; `none` where it is of the proxy itself, as for its health checks."""
    start = await reader.readexactly(16)
    assert start[:12] == SIGNATURE, start
    addresses = await reader.readexactly(struct.unpack("!H", start[14:])[0])
    if start[12] == 0x20:
        return "none"
    return str(ipaddress.ip_address(addresses[: 4 if start[13] >> 4 == 1 else 16]))


class Program:
    """What answers, under one name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def plain(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        await self.serve(reader, writer, writer.get_extra_info("peername")[0])

    async def proxied(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection that begins with a header."""
        try:
            client = await header(reader)
        except (asyncio.IncompleteReadError, AssertionError, ConnectionError):
            writer.close()
            return
        await self.serve(reader, writer, client)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: str) -> None:
        """Answer every line."""
        with contextlib.suppress(ConnectionError):
            while line := (await reader.readline()).split():
                if line[0] == b"get":
                    for block in stream(int(line[1])):
                        writer.write(block)
                        await writer.drain()
                else:
                    writer.write(f"{self.name} {client}\n".encode())
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """The UDP side."""

    def __init__(self, name: str) -> None:
        self.name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(f"{self.name} {addr[0]} ".encode() + data, addr)


def datagrams(address: str, port: int) -> socket.socket:
    """Return a socket for one family of addresses."""
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    if ":" in address:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind((address, port))
    return one


async def main(name: str, *ports: str) -> None:
    """Listen at all ports, for ever."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    program = Program(name)
    for words in ports:
        kind, port = words.split(":")
        if kind == "udp":
            for address in EVERYWHERE:
                await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: Datagrams(name), sock=datagrams(address, int(port))
                )
        else:
            answer = program.proxied if kind == "proxy" else program.plain
            await asyncio.start_server(answer, EVERYWHERE, int(port), backlog=1000)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
