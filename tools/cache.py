"""A cache outside the tree, whose directories are either whole or not there.

An entry is filled under a temporary name beside its final one and renamed when it is complete, so a build that was
interrupted (or the machine under it) is never taken for a finished one. Entries are named by what they were made from,
therefore they are never changed afterwards.
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
    """`$STRETCHED_CACHE`, else `stretched-cluster` in the user's cache directory. Not created by asking for it."""
    if given := os.environ.get("STRETCHED_CACHE"):
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "stretched-cluster"


def entry(name: str, fill: Callable[[Path], None]) -> Path:
    """Return the directory `name` (slashes allowed) of the cache, which `fill` makes when it is not there yet.

    `fill` gets an empty directory. Whatever it raises goes through, and nothing is left behind. Two processes that ask
    for one entry at once do the work once: the second waits for the first.
    """
    final = cache_dir() / name
    if final.is_dir():
        return final
    lock_file = cache_dir() / ".locks" / name.replace("/", "%")
    with lock.held(lock_file, f"{name} is being made by another process: waiting for it"):
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
    """Sixteen hexadecimal digits that name what an entry was made from; ("ab", "c") and ("a", "bc") differ."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()[:16]


def digest_tree(directory: Path) -> str:
    """Digest over the names and contents of all regular files below `directory`, Python's byte code left out."""
    parts: list[str | bytes] = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [path.relative_to(directory).as_posix(), path.read_bytes()]
    return digest(*parts)
