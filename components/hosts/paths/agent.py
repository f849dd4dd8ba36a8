"""agent: one site's side of a measurement. Carries out commands on standard input until it ends.

A command is a line of JSON with `do` and its values. Each is answered by a line of JSON with the result, or `error`.
"""

from __future__ import annotations

import json
import select
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from components.hosts.paths.echo import OBEY, SMALL, Echo
from components.hosts.paths.sizes import largest

_SAMPLES = 7
"""Echoes whose median is the round trip."""
_PAUSE = 15
"""Seconds without any data after which a transfer is given up; a busy host is slow to accept."""
_CHUNK = 1 << 18


def paths(values: Mapping[str, Any]) -> dict[str, object]:
    """Return `paths`: for each of `addresses` that answers its median round trip and what packets it gets whole.

    Milliseconds; bytes, at most `top`, as this host's routes let them out and the way carries them.
    """
    addresses: list[str] = values["addresses"]
    with Echo(OBEY) as echo:
        echo.ask([(address, SMALL) for address in addresses])  # awakens tunnels; nobody's first packet counts
        trips: dict[str, list[float]] = {}
        for _ in range(_SAMPLES):
            for (address, _), seconds in echo.ask([(address, SMALL) for address in addresses], [1]).items():
                trips.setdefault(address, []).append(seconds)
        carried = largest(list(trips), values["top"], echo.ask)
    return {
        "paths": {
            address: {"rtt": round(statistics.median(times) * 1000, 3), "mtu": carried[address]}
            for address, times in trips.items()
        }
    }


class Listener:
    """Takes one transfer."""

    def __init__(self) -> None:
        self._server: socket.socket | None = None

    def listen(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Return the `port`, at this host's wg0 `address`, where the next transfer is taken."""
        self._server = socket.create_server((values["address"], 0))
        self._server.settimeout(_PAUSE)
        return {"port": self._server.getsockname()[1]}

    def receive(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Return `mbps` of the transfer once it has ended. It counts from `skip` seconds after the first byte.

        TCP is slow in the beginning, the slower the longer the way.
        """
        assert self._server  # noqa: S101 - the protocol: listen comes first
        with self._server as server:
            connection, _ = server.accept()
        buffer = bytearray(_CHUNK)
        first, last, total = 0.0, 0.0, 0
        begin, before = 0.0, 0  # of what counts
        with connection:
            connection.settimeout(_PAUSE)
            try:
                while count := connection.recv_into(buffer):
                    last = time.monotonic()
                    first = first or last
                    total += count
                    if not begin and last - first >= values["skip"]:
                        begin, before = last, total
            except ConnectionResetError:
                pass  # the sender's way of ending in time
        if last <= begin:
            begin, before = first, 0  # nothing came after that: all counts
        if last <= begin:
            return {"error": "the transfer stalled"}
        return {"mbps": round((total - before) * 8 / (last - begin) / 1e6, 1)}


def send(values: Mapping[str, Any]) -> dict[str, object]:
    """Send to `address` and `port` for some `seconds`. What has not left by then is thrown away."""
    with socket.create_connection((values["address"], values["port"]), timeout=_PAUSE) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets
        connection.setblocking(False)
        chunk, end = bytes(_CHUNK), time.monotonic() + values["seconds"]
        while (rest := end - time.monotonic()) > 0:
            if select.select([], [connection], [], rest)[1]:
                connection.send(chunk)
    return {}


def main() -> None:
    """Carry out commands until standard input ends."""
    listener = Listener()
    known: dict[str, Callable[[Mapping[str, Any]], dict[str, object]]] = {
        "paths": paths,
        "listen": listener.listen,
        "receive": listener.receive,
        "send": send,
    }
    for line in sys.stdin:
        values = json.loads(line)
        try:
            answer = known[values["do"]](values)
        except OSError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
