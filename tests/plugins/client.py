"""A running plug-in, for tests: calls it and keeps what it logged."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back: a response, or errors as Go prints them."""

    response: Json
    errors: tuple[str, ...]

    @property
    def properties(self) -> Json:
        assert not self.errors, self.errors
        properties: Json = self.response["properties"]
        return properties


class PluginClient:
    """Starts ``executable`` under ``driver``, a command prefix that puts both into a namespace."""

    def __init__(self, executable: Path, prefix: Sequence[str], tree: Path, environment: dict[str, str]) -> None:
        self.logs: list[Json] = []
        self._ids = itertools.count()
        self._pending: dict[int, Future[Answer]] = {}
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.plugins.driver", str(executable)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=environment,
        )
        assert self._process.stdout is not None
        started = json.loads(self._process.stdout.readline())
        self.pid: int = started["pid"]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, method: str, request: Json) -> Future[Answer]:
        """Sends a call; its answer comes later."""
        number = next(self._ids)
        future: Future[Answer] = Future()
        self._pending[number] = future
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "method": method, "request": request}) + "\n")
        self._process.stdin.flush()
        return future

    def call(self, method: str, request: Json, seconds: float = 600) -> Answer:
        return self.start(method, request).result(seconds)

    def close(self) -> None:
        """Ends the plug-in as the engine does."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(300)
        self._reader.join(300)

    def abandon(self) -> None:
        """Ends the engine's side at once, as when it is killed; the plug-in is left to notice."""
        self._process.kill()
        self._process.wait(300)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if "log" in message:
                self.logs.append(message["log"])
            else:
                answer = Answer(message.get("response", {}), tuple(message.get("errors", ())))
                self._pending.pop(message["id"]).set_result(answer)
