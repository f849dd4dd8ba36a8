"""The MTU of the path to a peer's endpoint outside of wg0, as routers report it by ICMP (RFC 1191, RFC 8201).

An echo inside wg0 cannot show it: there, bigger packets may arrive in fragments. Linux' own WireGuard sends without the
flag DF over IPv4, so that routers fragment silently; wireguard-go's packets carry DF until a router has reported its
MTU, and the host itself fragments them from then on. Either way every packet becomes two, half of the throughput is
gone, and firewalls that drop fragments break the path altogether. So a packet with DF is sent to the endpoint. The peer
need not answer and drops it unread: it is no WireGuard message. No port is needed but the one that is open.
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
"""The most routers, each narrower than the one before, whose MTU is awaited."""

Endpoint = tuple[str, int]


def family(host: str) -> socket.AddressFamily:
    """Return the family of an address as `wg show` prints it, without brackets."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def path_mtus(endpoints: Mapping[str, Endpoint], inner: int, patience: float) -> dict[str, int]:
    """Return the MTU in bytes towards each endpoint, by the same names; an unreachable endpoint is missing.

    `inner` is the largest packet of wg0. Each answer of a router is awaited for `patience` seconds.
    """
    known = {name: mtu for name, endpoint in endpoints.items() if (mtu := _known(endpoint))}
    probed = dict(known)
    for _ in range(_ROUTERS):
        sockets = {name: _send(endpoints[name], min(mtu, inner + 80)) for name, mtu in probed.items()}
        _await_errors([udp for udp in sockets.values() if udp], patience)
        for udp in sockets.values():
            if udp:
                udp.close()
        now = {name: _known(endpoints[name]) or mtu for name, mtu in probed.items()}
        probed = {name: mtu for name, mtu in now.items() if mtu < known[name]}
        known.update(now)
        if not probed:
            break
    return known


def _connected(endpoint: Endpoint) -> socket.socket:
    udp = socket.socket(family(endpoint[0]), socket.SOCK_DGRAM)
    level, option = _DISCOVER[udp.family]
    udp.setsockopt(level, option, _DO)
    udp.connect(endpoint)
    return udp


def _known(endpoint: Endpoint) -> int:
    """Return what this host knows of the way; 0 when it knows none."""
    with contextlib.suppress(OSError), _connected(endpoint) as udp:
        return udp.getsockopt(*_MTU[udp.family])
    return 0


def _send(endpoint: Endpoint, size: int) -> socket.socket | None:
    """Send a packet of that size, DF set; return its socket, where an answer of a router arrives as an error."""
    try:
        udp = _connected(endpoint)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        udp.send(bytes(size - _HEADERS[udp.family]))
    return udp


def _await_errors(sockets: list[socket.socket], patience: float) -> None:
    """Wait until every socket has an error pending, or patience ends."""
    waiting = select.poll()
    for udp in sockets:
        waiting.register(udp, 0)  # poll() always reports errors
    left, end = len(sockets), time.monotonic() + patience
    while left and (rest := end - time.monotonic()) > 0:
        for number, _ in waiting.poll(rest * 1000):
            waiting.unregister(number)
            left -= 1
