"""Packets that cross a router of the lab, as tcpdump prints them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.place import Place
from tests.support.examples import TREE


@contextmanager
def captured(place: Place, router: str, which: str) -> Iterator[list[str]]:
    """Capture at a router, such as `router:uvic`, what a filter (pcap-filter(7)) selects, while the block runs.

    Yields the list that has a line for each packet once the block has ended.
    """
    words = ("--topology", str(place.topology), "exec", router, "--", "tcpdump", "-nn", "-l", "-i", "any", which)
    capture = subprocess.Popen(
        [sys.executable, "-m", "lab", *words], cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert capture.stderr is not None
    for line in capture.stderr:  # tcpdump says when it listens
        if "listening on" in line:
            break
    packets: list[str] = []
    try:
        yield packets
    finally:
        capture.terminate()
        seen, _ = capture.communicate(timeout=300)
        packets += [line for line in seen.splitlines() if " IP" in line]
