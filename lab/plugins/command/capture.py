"""Capture of a command's output: for the resource's outputs, for error messages, and for the engine's log."""

from __future__ import annotations

import asyncio
import codecs
from typing import TYPE_CHECKING, Literal, TypeAlias

from lab.plugins.command.gotext import quote

if TYPE_CHECKING:
    from lab.plugins.engine import ResourceLog

Stream: TypeAlias = Literal["stdout", "stderr"]

LOGGED: dict[str | None, tuple[Stream, ...]] = {
    None: ("stdout", "stderr"),
    "stdoutAndStderr": ("stdout", "stderr"),
    "stdout": ("stdout",),
    "stderr": ("stderr",),
}
"""Values of the input ``logging``. Any other value logs nothing, as in the official plug-in."""


class Capture:
    """The output of one run, as text: bytes that are not UTF-8 become replacement characters."""

    def __init__(self, log: ResourceLog, logging: str | None) -> None:
        self._log = log
        self._streams: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._both = bytearray()
        self._lines = {stream: _Lines() for stream in LOGGED.get(logging, ())}
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Capture:
        self._sender = asyncio.ensure_future(self._send())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is asyncio.CancelledError and self._sender is not None:
            self._sender.cancel()  # nothing waits for the rest of the log
            return
        for lines in self._lines.values():
            self._enqueue(lines.feed(b"", final=True))
        self._queue.put_nowait(None)
        if self._sender is not None:
            await self._sender

    def feed(self, stream: Stream, data: bytes) -> None:
        """Add output of the command."""
        self._streams[stream] += data
        self._both += data
        if stream in self._lines:
            self._enqueue(self._lines[stream].feed(data))

    def text(self, stream: Stream) -> str:
        """Return the whole stream without its last line feed."""
        return self._streams[stream].decode(errors="replace").removesuffix("\n")

    def error(self, reason: str, command: str) -> str:
        """Return the error message of a run: reason, command, and the whole output in the order of arrival."""
        return f"{reason}: running {quote(command)}:\n{self._both.decode(errors='replace')}"

    def _enqueue(self, lines: list[str]) -> None:
        for line in lines:
            self._queue.put_nowait(line)

    async def _send(self) -> None:
        while (line := await self._queue.get()) is not None:
            await self._log.status(line)


class _Lines:
    """Splitter of a stream into lines without line ends; the last line needs no line end."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes, *, final: bool = False) -> list[str]:
        *lines, self._rest = (self._rest + self._decoder.decode(data, final)).split("\n")
        if final and self._rest:
            lines.append(self._rest)
            self._rest = ""
        return [line.removesuffix("\r") for line in lines]
