"""Ask programs of serve.py, all at once: `ask.py QUESTION...` prints a line for each, empty where nobody answers. A question is
`tcp,ADDRESS,PORT` or `udp,ADDRESS,PORT[,SOURCE]`, SOURCE being the port to ask from. Nothing of this tree is imported: it
runs on hosts.
"""

import contextlib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

PATIENCE = {"tcp": 5, "udp": 1}
"""Seconds for an answer. A datagram may get lost: it is sent twice."""


def tcp(address: str, port: int) -> str:
    """Return one line that a new connection is told."""
    with socket.create_connection((address, port), PATIENCE["tcp"]) as connection:
        connection.sendall(b"who\n")
        return connection.makefile().readline().strip()


def udp(address: str, port: int, source: int = 0) -> str:
    """Return what comes back for a datagram, from the place that was asked."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(PATIENCE["udp"])
        one.bind(("", source))
        one.connect((address, port))
        one.send(b"hello")
        with contextlib.suppress(TimeoutError):
            return one.recv(99).decode()
        one.send(b"hello")
        return one.recv(99).decode()


def answer(question: str) -> str:
    """Return what one question is answered with."""
    protocol, address, *ports = question.split(",")
    try:
        return {"tcp": tcp, "udp": udp}[protocol](address, *map(int, ports))
    except OSError:
        return ""


if __name__ == "__main__":
    with ThreadPoolExecutor(len(sys.argv)) as pool:
        print(*pool.map(answer, sys.argv[1:]), sep="\n")
