"""Load on a service whose program is serve.py: `load.py ADDRESS PORT CONNECTIONS QUESTIONS`, run in a place of the lab.

Every connection asks again and again; one out of ten questions comes on a new connection. It lasts for QUESTIONS, however long
these take, and until standard input is at its end. Prints one line of JSON: the number of questions, how many had to be asked again, how many
were not answered then either, and by whom the others were answered.
"""

import asyncio
import json
import sys
from collections import Counter

PAUSE = 0.4
"""Seconds between two questions of one connection."""
PATIENCE = 120
"""Seconds for an answer, which a busy machine may need."""


class Asker:
    """One connection, or a new one."""

    def __init__(self, address: str, port: int) -> None:
        self.place = address, port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> str:
        """Return who answered; an OSError tells that nobody did."""
        try:
            async with asyncio.timeout(PATIENCE):
                if self.streams is None:
                    self.streams = await asyncio.open_connection(*self.place)
                reader, writer = self.streams
                writer.write(b"who\n")
                told = (await reader.readline()).decode().split()
        except OSError:
            self.leave()
            raise
        if not told:
            self.leave()
            raise ConnectionResetError
        return told[0]

    def leave(self) -> None:
        """Ask on a new connection next time."""
        if self.streams:
            self.streams[1].close()
        self.streams = None


async def one(asker: Asker, first: float, stop: asyncio.Event, found: Counter[str], by: Counter[str]) -> None:
    """Ask until it is enough."""
    await asyncio.sleep(first)
    number = 0
    while not stop.is_set():
        number += 1
        found["asked"] += 1
        try:
            by[await asker.ask()] += 1
        except OSError:
            found["again"] += 1
            try:
                by[await asker.ask()] += 1
            except OSError:
                found["failed"] += 1
        if number % 10 == 0:
            asker.leave()
        await asyncio.sleep(PAUSE)


async def main(address: str, port: int, connections: int, questions: int) -> None:
    """Ask by all connections, and print what became of it."""
    stop = asyncio.Event()
    found: Counter[str] = Counter(asked=0, again=0, failed=0)
    by: Counter[str] = Counter()
    tasks = [
        asyncio.create_task(one(Asker(address, port), PAUSE * number / connections, stop, found, by))
        for number in range(connections)
    ]
    await asyncio.to_thread(sys.stdin.read)
    while found["asked"] < questions:
        await asyncio.sleep(PAUSE)
    stop.set()
    await asyncio.gather(*tasks)
    print(json.dumps({**found, "by": by}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
