"""What clients on the WAN do."""

import sys
from collections.abc import Iterable

from tests.lab.place import lab

ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())"
ASK_NAMES = """
import socket, sys
question = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[3].split(".")) + b"\\0\\0\\1\\0\\1"
client = socket.socket(type=socket.SOCK_DGRAM)
client.settimeout(10)
client.sendto(b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + question, (sys.argv[1], int(sys.argv[2])))
answer, place = client.recvfrom(512)
print(place[0], socket.inet_ntoa(answer[-4:]) if answer[6:8] != b"\\0\\0" else "unknown")
"""
CONNECT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def open_at(place):
    address, port = place.split(":")
    try:
        socket.create_connection((address, int(port)), 3).close()
    except OSError:
        return None
    return place
with ThreadPoolExecutor(32) as pool:
    print(*filter(None, pool.map(open_at, sys.argv[1:])))
"""


def asked(program: str, *words: str) -> list[str]:
    """Return what a client on the WAN is answered; nothing where nobody answers."""
    done = lab("exec", "operator", "--", sys.executable, "-c", program, *words, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def taken(places: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return at which of the places, addresses with TCP ports, a client on the WAN gets a connection at the first try."""
    words = [f"{address}:{port}" for address, port in places]
    found = lab("exec", "operator", "--", sys.executable, "-c", CONNECT, *words).stdout.split()
    return [(address, int(port)) for address, _, port in (place.partition(":") for place in found)]
