"""Files rendered for upload or for people, below `.stretched/<stack>/` in the project's directory.

Resources refer to them by path, so that the state holds a hash instead of a text. Nothing secret is written here.
"""

import gzip
import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(".stretched")
LEFT_OUT = {".git", "__pycache__", ".tox", ".venv"}


def digest(files: Mapping[str, bytes]) -> str:
    """Return a short name for the content: 16 hexadecimal digits of SHA-256 over names and bytes."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()[:16]


def write_directory(target: Path, files: Mapping[str, bytes]) -> Path:
    """Make a directory hold exactly these files (names may have directories), swapped in whole; return it."""
    if target.is_dir() and {
        str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()
    } == dict(files):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    for name, content in files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if target.exists():
        shutil.rmtree(target)
    new.rename(target)
    return target


def write_text(target: Path, text: str) -> Path:
    """Write a file for people to read; return its path."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def archive(source: Path) -> bytes:
    """Return a directory as a tar.gz whose bytes depend on names, modes and contents only; LEFT_OUT is not in it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(source.rglob("*")):
            relative = path.relative_to(source)
            if LEFT_OUT & set(relative.parts):
                continue
            member = tar.gettarinfo(str(path), arcname=str(relative))
            member.mtime = member.uid = member.gid = 0
            member.uname = member.gname = "root"
            if member.isreg():
                with path.open("rb") as content:
                    tar.addfile(member, content)
            else:
                tar.addfile(member)
    return gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)
