"""A lock between processes, held on a file (flock(2)); it ends with its holder, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(file: Path, waiting: str) -> Iterator[None]:
    """Hold the lock; print `waiting` when another process has it first. The file stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"    {waiting}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
