"""Operations that end when they are cancelled, exceed their time limit, or lose their caller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from lab.plugins.resource import OperationError

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class Operations:
    """The running operations. Work is cancelled by asyncio's rules: it may await its own clean-up."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel running operations; later ones fail at once."""
        self._cancelled = True
        for task in self._tasks:
            task.cancel()

    async def cancel_and_wait(self, seconds: float) -> None:
        """Cancel running operations, and wait at most ``seconds`` for their clean-up."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def run(self, work: Coroutine[object, object, T], timeout: float) -> T:
        """Return the work's result. Raises OperationError when cancelled or after ``timeout`` seconds (0: no limit).

        When the caller is cancelled (the engine hung up), so is the work.
        """
        if self._cancelled:
            work.close()
            raise OperationError("cancelled")
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout or None)
            if not done:
                task.cancel()
                await asyncio.wait({task})
                message = f"timed out after {timeout:g} s"
                raise OperationError(message)
            return task.result()
        except asyncio.CancelledError:
            if not task.done():  # the caller was cancelled
                task.cancel()
                await asyncio.wait({task})
                raise
            raise OperationError("cancelled") from None
        finally:
            self._tasks.discard(task)
