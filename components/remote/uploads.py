"""Directories for upload, rendered below `.stretched/<stack>/` in the project's directory.

Resources refer to them by path, so that the state holds a hash instead of a text. Nothing secret is written here.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pulumi
from pulumi_command.remote import CopyToRemote

from components.remote.connection import Host

ROOT = Path(".stretched")
HOST_DIRECTORY = ".stretched"
"""Below the login user's home: what we upload lies there."""


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


def directory(target: Path, files: Mapping[str, bytes]) -> pulumi.Archive:
    """Return these files as a directory to upload, written to `target`: the state holds its path and hash."""
    return pulumi.FileArchive(str(write_directory(target, files)))


def upload(name: str, host: Host, source: pulumi.Input[pulumi.Archive], opts: pulumi.ResourceOptions) -> CopyToRemote:
    """Return the upload of a directory to HOST_DIRECTORY on a host, under the directory's own name.

    Files arrive with mode 0644 in the login user's home: never for secrets. Another address makes another upload, and
    so does another user.
    """
    user = host.connection.user
    return CopyToRemote(
        name,
        connection=host.connection,
        source=source,
        remote_path=HOST_DIRECTORY,
        triggers=[host.connection.host, *([] if user == "root" else [user])],
        opts=opts,
    )
