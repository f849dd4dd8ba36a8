"""Directories packed as tar archives: the same content has the same bytes and the same revision on every machine."""

import hashlib
import io
import stat
import tarfile
from pathlib import Path

EXCLUDED = {".git", "__pycache__", ".tox", ".venv"}
"""Names of files and directories that are not packed."""


def archive(source: Path) -> bytes:
    """Return a directory as a tar archive, without EXCLUDED.

    Like git it holds names, contents and whether a file is executable, but no umask, owner, time or hard links of this
    machine. It is not compressed, because the bytes would depend on the version of the compressor.
    """
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in _members(source):
            member = tarfile.TarInfo(path.relative_to(source).as_posix())
            mode = path.lstat().st_mode
            member.mode = 0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644
            if stat.S_ISLNK(mode):
                member.type, member.mode, member.linkname = tarfile.SYMTYPE, 0o777, str(path.readlink())
                tar.addfile(member)
            elif stat.S_ISDIR(mode):
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            else:
                content = path.read_bytes()
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return raw.getvalue()


def revision(source: Path) -> str:
    """Return a short name for a directory: 16 hexadecimal digits of SHA-256 over names, kinds and contents."""
    total = hashlib.sha256()
    for path in _members(source):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            kind, content = "link", str(path.readlink()).encode()
        elif stat.S_ISDIR(mode):
            kind, content = "directory", b""
        else:
            kind, content = "program" if mode & stat.S_IXUSR else "file", path.read_bytes()
        total.update(f"{path.relative_to(source).as_posix()}\0{kind}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:16]


def _members(source: Path) -> list[Path]:
    """Return files, links and directories below a directory, sorted by path; sockets and the like are skipped."""
    members = []
    for path in source.rglob("*"):
        mode = path.lstat().st_mode
        packable = stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
        if packable and not EXCLUDED & set(path.relative_to(source).parts):
            members.append(path)
    return sorted(members, key=lambda path: path.relative_to(source).as_posix())
