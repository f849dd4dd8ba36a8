"""Directories for upload, rendered below `.stretched/<stack>/` in the project's directory.

Resources refer to them by path, so that the state holds a hash instead of a text. Nothing secret is written here. A
directory is named by the digest of its content and is never changed: a preview takes no lock, and an `up` beside it
uploads what it rendered itself.
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

from components.remote.bundles import HOST_DIRECTORY, LETTERS, Bundle
from components.remote.connection import Host
from components.remote.resource_names import Name, options_of

ROOT = Path(".stretched")
KEPT = 7 * 24 * 3600
"""Seconds after its last use when a directory is swept: longer than any run takes."""
_FIRST_LAYOUT = ("nodes", "cluster")
"""What earlier versions rendered in place."""


def digest(files: Mapping[str, bytes]) -> str:
    """Return a short name for the content: 16 hexadecimal digits of SHA-256 over names and bytes."""
    return _sha256(files)[:16]


def _sha256(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


def write_directory(target: Path, files: Mapping[str, bytes]) -> Path:
    """Make a directory that holds these files (names may have directories), and is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    for name, content in files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    new.rename(target)
    return target


def directory(work: Path, bundles: tuple[Bundle, ...], node: str) -> Path:
    """Return the directory with a node's uploads, below `work`; its name says what is in it.

    One that is there already is used as it is. What nobody used for KEPT seconds is removed.
    """
    files = {bundle.letter(node): bundle.content for bundle in bundles}
    uploads = work / "uploads"
    target = uploads / _sha256(files)
    with _locked(uploads):
        if target.exists():
            os.utime(target)
        else:
            write_directory(target, files)
        _sweep(work, uploads)
    return target / LETTERS


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Keep other runs from sweeping what this one is about to use."""
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
    """Return a node's bundles as a directory to upload: the state holds its path and hash."""
    return pulumi.FileArchive(str(directory(work, bundles, node)))


def upload(
    name: Name | str, host: Host, source: pulumi.Input[pulumi.Archive], opts: pulumi.ResourceOptions
) -> CopyToRemote:
    """Return the upload of a directory to HOST_DIRECTORY on a host, under the directory's own name.

    Files arrive with mode 0644 in the login user's home: never for secrets, and nothing is executed there. Another
    address makes another upload, and so does another user.
    """
    user = host.connection.user
    return CopyToRemote(
        str(name),
        connection=host.connection,
        source=source,
        remote_path=HOST_DIRECTORY,
        triggers=[host.connection.host, *([] if user == "root" else [user])],
        opts=options_of(name, opts),
    )
