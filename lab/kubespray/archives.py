"""Tarballs laid out inside as the projects' releases are, because Kubespray unpacks them.

The same files give the same bytes: times are zero, owners root, entries sorted.
"""

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

_FAST = 1


def write(archive: Path, files: Mapping[str, Path]) -> None:
    """Write a tar.gz of programs: path inside -> file of this machine."""
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
    """Say whether a tar.gz holds the file `name`, under exactly this path; False when it is no tar.gz."""
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
