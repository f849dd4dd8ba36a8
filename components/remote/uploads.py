"""Directories for upload, rendered below `.stretched/<stack>/` in the project's directory.

Resources refer to them by path, so that the stack's state holds a hash instead of the content. Nothing secret is
written here. The name of a directory is the digest of its content, and the directory never changes: a preview takes no
lock, and must not touch the files of a simultaneous `pulumi up`.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pulumi
from pulumi_command.remote import CopyToRemote

from components.remote.bundles import HOST_DIRECTORY, NODES_DIRECTORY, Bundle
from components.remote.connection import Host
from components.remote.resource_names import Name, options_of

ROOT = Path(".stretched")
KEPT = 7 * 24 * 3600
"""Seconds after its last use until a directory is removed: longer than any run takes."""
_FIRST_LAYOUT = ("nodes", "cluster")
"""Directories of earlier versions, which changed them in place."""


def digest(files: Mapping[str, bytes]) -> str:
    """Return a short name for files: 16 hexadecimal digits of SHA-256 over names and contents."""
    return _sha256(files)[:16]


def _sha256(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


def write_directory(target: Path, files: Mapping[str, bytes]) -> Path:
    """Create a directory with these files, whose names are relative paths. It appears complete or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    for name, content in files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    new.rename(target)
    return target


def directory(work: Path, bundles: tuple[Bundle, ...], node: str) -> Path:
    """Return the directory with a node's bundles, below `work`; it is written unless it exists.

    Directories that were not used for KEPT seconds are removed.
    """
    files = {bundle.upload_path(node): bundle.content for bundle in bundles}
    uploads = work / "uploads"
    target = uploads / _sha256(files)
    with _locked(uploads):
        if target.exists():
            os.utime(target)
        else:
            write_directory(target, files)
        _sweep(work, uploads)
    return target / NODES_DIRECTORY


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold a lock, so that no other run removes the directory that this one is about to use."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(work: Path, uploads: Path) -> None:
    too_old = time.time() - KEPT
    for path in [*uploads.iterdir(), *(work / name for name in _FIRST_LAYOUT)]:
        if path.is_dir() and path.stat().st_mtime < too_old:
            shutil.rmtree(path, ignore_errors=True)


def archive(work: Path, bundles: tuple[Bundle, ...], node: str) -> pulumi.Archive:
    """Return the directory with a node's bundles as an archive: the stack's state holds its path and hash."""
    return pulumi.FileArchive(str(directory(work, bundles, node)))


def upload(
    name: Name | str, host: Host, source: pulumi.Input[pulumi.Archive], opts: pulumi.ResourceOptions
) -> CopyToRemote:
    """Return the upload of a directory to HOST_DIRECTORY on a host, under the directory's own name.

    Files get mode 0644 in the login user's home: never upload secrets, and never execute the files there. Another
    machine, also one that was reinstalled, or another login user replaces the upload; a replaced one removes nothing.
    """
    return CopyToRemote(
        str(name),
        connection=host.connection,
        source=source,
        remote_path=HOST_DIRECTORY,
        triggers=list(host.machine),
        opts=options_of(name, opts),
    )
