"""A client of HTTPS, run in a place of the lab: `https_client.py CA NAME ADDRESS...` asks each address once, for NAME.

With `--until-eof` it asks all of them again and again, always on a new connection, until standard input is at its end. Prints
one line of JSON: how many were asked, how many had to be asked again (a moment later), how many were not answered then
either, and what was answered at each address last.
"""

import http.client
import json
import socket
import ssl
import sys
import threading
import time
from collections import Counter

PATIENCE = 60
"""Seconds for an answer."""
MOMENT = 2
"""Seconds until the same question is asked again."""


def ask(context: ssl.SSLContext, name: str, address: str) -> str:
    """Return the body of a 200 answer. Raises OSError or HTTPException when there is none."""
    plain = socket.create_connection((address, 443), PATIENCE)
    with context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        if answer.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(answer.status)
        return answer.read().decode().strip()


def until_eof(ended: threading.Event) -> None:
    """Set the event when standard input is at its end."""
    sys.stdin.read()
    ended.set()


def main(words: list[str]) -> None:
    """Ask, and print what became of it."""
    again = "--until-eof" in words
    ca, name, *addresses = (word for word in words if word != "--until-eof")
    context = ssl.create_default_context(cafile=ca)
    ended = threading.Event()
    if again:
        threading.Thread(target=until_eof, args=(ended,), daemon=True).start()
    found: Counter[str] = Counter(asked=0, again=0, failed=0)
    told: dict[str, str] = {}
    while True:
        for address in addresses:
            found["asked"] += 1
            for outcome in ("again", "failed"):
                try:
                    told[address] = ask(context, name, address)
                    break
                except (OSError, http.client.HTTPException) as error:
                    found[outcome] += 1
                    print(f"{address}: {error!r}", file=sys.stderr)
                    time.sleep(MOMENT)
        if not again or ended.wait(0.05):
            break
    print(json.dumps({**found, "told": told}))


if __name__ == "__main__":
    main(sys.argv[1:])
