"""Directories packed for upload, the same bytes from the same content."""

import gzip
import io
import tarfile
from pathlib import Path

LEFT_OUT = {".git", "__pycache__", ".tox", ".venv"}


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
