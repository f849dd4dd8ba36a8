"""What the way to a peer's endpoint carries outside of wg0, as far as routers tell by ICMP (RFC 1191, RFC 8201).

An echo inside wg0 cannot show it: there bigger packets may arrive in pieces. Linux' own WireGuard sends without the
flag DF over IPv4, so that routers cut silently; wireguard-go's packets carry DF until a router has told, and are cut on
the host itself from then on. Either way every packet becomes two, half of the throughput is gone, and firewalls that
drop fragments break it altogether. So a packet with DF is sent to the endpoint. The peer need not answer and drops it
unread: it is no WireGuard message. No port is needed but the one that is open.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Mapping

_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (socket.IPPROTO_IPV6, 23)}  # IP(V6)_MTU_DISCOVER
_MTU = {socket.AF_INET: (socket.IPPROTO_IP, 14), socket.AF_INET6: (socket.IPPROTO_IPV6, 24)}  # IP(V6)_MTU
_HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}
_DO = 2
_ROUTERS = 4
"""So many routers, each narrower than the one before, are asked for their MTU."""

Endpoint = tuple[str, int]


def family(host: str) -> socket.AddressFamily:
    """Return the family of an address as `wg show` prints it, without brackets."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def told(endpoints: Mapping[str, Endpoint], inner: int, patience: float) -> dict[str, int]:
    """Return the MTU towards each endpoint, by the same names; who cannot be sent to is not there.

    `inner` is the largest packet of wg0. Each answer of a router is awaited for `patience` seconds.
    """
    known = {name: mtu for name, endpoint in endpoints.items() if (mtu := _known(endpoint))}
    asked = dict(known)
    for _ in range(_ROUTERS):
        sockets = {name: _send(endpoints[name], min(mtu, inner + 80)) for name, mtu in asked.items()}
        _await_errors([found for found in sockets.values() if found], patience)
        for found in sockets.values():
            if found:
                found.close()
        now = {name: _known(endpoints[name]) or mtu for name, mtu in asked.items()}
        asked = {name: mtu for name, mtu in now.items() if mtu < known[name]}
        known.update(now)
        if not asked:
            break
    return known


def _connected(endpoint: Endpoint) -> socket.socket:
    found = socket.socket(family(endpoint[0]), socket.SOCK_DGRAM)
    level, option = _DISCOVER[found.family]
    found.setsockopt(level, option, _DO)
    found.connect(endpoint)
    return found


def _known(endpoint: Endpoint) -> int:
    """Return what this host knows of the way; 0 when it knows none."""
    with contextlib.suppress(OSError), _connected(endpoint) as found:
        return found.getsockopt(*_MTU[found.family])
    return 0


def _send(endpoint: Endpoint, size: int) -> socket.socket | None:
    """Send a packet of that size, DF set; return its socket, where an answer of a router arrives as an error."""
    try:
        found = _connected(endpoint)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        found.send(bytes(size - _HEADERS[found.family]))
    return found


def _await_errors(sockets: list[socket.socket], patience: float) -> None:
    """Wait until every socket has an error pending, or patience ends."""
    waiting = select.poll()
    for found in sockets:
        waiting.register(found, 0)  # errors are always told
    left, end = len(sockets), time.monotonic() + patience
    while left and (rest := end - time.monotonic()) > 0:
        for number, _ in waiting.poll(rest * 1000):
            waiting.unregister(number)
            left -= 1
