"""Locks between processes, on files (flock(2)). The kernel releases a lock when its holder ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(file: Path, waiting: str) -> Iterator[None]:
    """Hold the lock; print `waiting` if another process holds it. The file is not removed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"    {waiting}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
