"""A scan of all ports of a host: `scan.py tcp ADDRESS` prints those that can be connected to, `scan.py udp ADDRESS` sends a
datagram to each. Nothing of this tree is imported: it also runs on hosts.

An open UDP port that says nothing looks like a closed one behind a firewall. Who scans UDP looks at the host, which ports
datagrams got in at.
"""

import contextlib
import resource
import select
import socket
import sys
import time

AT_ONCE = 8192
PATIENCE = 0.9
"""Seconds for an answer; the kernel asks once more after one."""


def tcp(address: str) -> list[int]:
    """Return the ports that take a connection."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    found = []
    for first in range(1, 65536, AT_ONCE):
        found += _some(address, range(first, min(first + AT_ONCE, 65536)))
    return found


def _some(address: str, ports: range) -> list[int]:
    waiting: dict[int, tuple[socket.socket, int]] = {}
    answers = select.epoll()
    for port in ports:
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect((address, port))
        answers.register(one, select.EPOLLOUT)
        waiting[one.fileno()] = (one, port)
        _slowly(port)
    found = []
    deadline = time.monotonic() + PATIENCE
    while waiting and (rest := deadline - time.monotonic()) > 0:
        for number, _ in answers.poll(rest):
            one, port = waiting.pop(number)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(port)
            answers.unregister(number)
            one.close()
    for one, _ in waiting.values():
        one.close()
    answers.close()
    return sorted(found)


def udp(address: str) -> None:
    """Send a datagram to every port."""
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        for port in range(1, 65536):
            with contextlib.suppress(ConnectionRefusedError):
                one.sendto(b"?", (address, port))
            _slowly(port)


def _slowly(port: int) -> None:
    """Let what was sent pass: a buffer on the way is small, and what it cannot hold would look like a closed port."""
    if port % 32 == 0:
        time.sleep(0.002)


if __name__ == "__main__":
    if sys.argv[1] == "tcp":
        print(*tcp(sys.argv[2]))
    else:
        udp(sys.argv[2])
