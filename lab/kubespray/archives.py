"""Tarballs with the layout of the projects' releases, which Kubespray unpacks.

They are reproducible: times are zero, owners are root, and entries are sorted.
"""

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

_FAST = 1


def write(archive: Path, files: Mapping[str, Path]) -> None:
    """Write a tar.gz of programs: files of this machine by their path in the archive."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_FAST, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted({str(Path(name).parent) for name in files} - {"."}):
            tar.addfile(_entry(path, directory=True))
        for name, source in sorted(files.items()):
            entry = _entry(name)
            entry.size = source.stat().st_size
            with source.open("rb") as content:
                tar.addfile(entry, content)


def has(archive: Path, name: str) -> bool:
    """Tell whether a tar.gz holds a file of exactly this path; False when it is not a tar.gz."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            return any(entry.name == name and entry.isfile() for entry in tar)
    except (tarfile.TarError, OSError, EOFError):
        return False


def _entry(name: str, *, directory: bool = False) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE if directory else tarfile.REGTYPE
    entry.mode = 0o755
    entry.uname = entry.gname = "root"
    return entry
