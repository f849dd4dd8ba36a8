"""A scan of a host: `scan.py tcp ADDRESS [PORT...]` prints the ports that can be connected to, `scan.py udp ADDRESS [PORT...]`
sends a datagram to each. Without ports all are scanned. Nothing of this tree is imported: it also runs on hosts.

An open UDP port that says nothing looks like a closed one behind a firewall. Who scans UDP looks at the host, which ports
datagrams got in at. A datagram comes from the port that it is sent to: a host behind NAT sees there which one was asked.
"""

import contextlib
import resource
import select
import socket
import sys
import time
from collections.abc import Sequence

AT_ONCE = 8192
PATIENCE = 0.9
"""Seconds for an answer; the kernel asks once more after one."""
EVERY = range(1, 65536)


def tcp(address: str, ports: Sequence[int] = EVERY) -> list[int]:
    """Return the ports that take a connection."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    found = []
    for first in range(0, len(ports), AT_ONCE):
        found += _some(address, ports[first : first + AT_ONCE])
    return found


def _some(address: str, ports: Sequence[int]) -> list[int]:
    waiting: dict[int, tuple[socket.socket, int]] = {}
    answers = select.epoll()
    for port in ports:
        one = socket.socket(_family(address))
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


def udp(address: str, ports: Sequence[int] = EVERY) -> None:
    """Send a datagram to each port, from the same one."""
    for port in ports:
        with socket.socket(_family(address), socket.SOCK_DGRAM) as one:
            with contextlib.suppress(OSError):  # a port that is taken here: then from another
                one.bind(("", port))
            one.sendto(b"?", (address, port))
        _slowly(port)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _slowly(port: int) -> None:
    """Let what was sent pass: a buffer on the way is small, and what it cannot hold would look like a closed port."""
    if port % 32 == 0:
        time.sleep(0.002)


if __name__ == "__main__":
    chosen = [int(port) for port in sys.argv[3:]] or EVERY
    if sys.argv[1] == "tcp":
        print(*tcp(sys.argv[2], chosen))
    else:
        udp(sys.argv[2], chosen)
