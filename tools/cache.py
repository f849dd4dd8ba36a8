"""A cache outside the tree, whose directories are either complete or absent.

An entry is filled under a temporary name beside its final one and renamed when it is complete, so an interrupted build
is never mistaken for a finished one. The name of an entry is derived from everything that it was made from, so entries
never change.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools import lock

_UNFINISHED = ".unfinished-"


def cache_dir() -> Path:
    """Return `$STRETCHED_CACHE`, else `stretched-cluster` in the user's cache directory. It may not exist."""
    if given := os.environ.get("STRETCHED_CACHE"):
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "stretched-cluster"


def entry(name: str, fill: Callable[[Path], None]) -> Path:
    """Return the directory `name` (slashes are allowed) of the cache; `fill` makes it if it does not exist.

    `fill` gets an empty directory. Its exceptions propagate, and nothing is left behind. When two processes need one
    entry at the same time, the second waits for the first.
    """
    final = cache_dir() / name
    if final.is_dir():
        return final
    lock_file = cache_dir() / ".locks" / name.replace("/", "%")
    with lock.held(lock_file, f"waiting for another process, which makes {name}"):
        if final.is_dir():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        prefix = f"{_UNFINISHED}{final.name}-"
        for leftover in final.parent.glob(f"{prefix}*"):
            shutil.rmtree(leftover)
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=final.parent))
        work.chmod(0o755)
        try:
            fill(work)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        work.rename(final)
    return final


def digest(*parts: str | bytes) -> str:
    """Return sixteen hexadecimal digits of a digest over the parts; ("ab", "c") and ("a", "bc") differ."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()[:16]


def digest_tree(directory: Path) -> str:
    """Return a digest over the names and contents of all regular files below `directory`, except Python's byte code."""
    parts: list[str | bytes] = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [path.relative_to(directory).as_posix(), path.read_bytes()]
    return digest(*parts)
