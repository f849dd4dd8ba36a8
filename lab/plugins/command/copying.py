"""Copies of files, directories and texts to a server by SFTP."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from lab.plugins.resource import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.plugins.values import Properties


async def copy(client: asyncssh.SSHClientConnection, source: Properties, remote_path: str) -> None:
    """Copy an asset (text or file) or an archive (file or directory, which is not packed or unpacked).

    Modes are the server's defaults. Raises OperationError.
    """
    try:
        async with client.start_sftp_client() as sftp:
            text, path = source.get("text"), source.get("path")
            if isinstance(path, str) and path:
                await _copy_path(sftp, path, remote_path)
            else:
                await _copy_text(sftp, text if isinstance(text, str) else "", remote_path)
    except asyncssh.ChannelOpenError as error:
        raise OperationError("ssh: subsystem request failed") from error
    except asyncssh.SFTPError as error:
        message = f"cannot copy to {remote_path}: {error.reason}"
        raise OperationError(message) from error
    except OSError as error:
        message = f"open {error.filename or remote_path}: {os.strerror(error.errno or 0).lower()}"
        raise OperationError(message) from error


async def _copy_text(sftp: asyncssh.SFTPClient, text: str, remote_path: str) -> None:
    if await sftp.isdir(remote_path):
        message = f"remote path {remote_path} is a directory; for a text asset, remotePath must be a file path"
        raise OperationError(message)
    await _make_directory(sftp, posixpath.dirname(remote_path))
    async with sftp.open(remote_path, "wb") as file:
        await file.write(text.encode())


async def _copy_path(sftp: asyncssh.SFTPClient, source: str, remote_path: str) -> None:
    """Copy a file or a directory.

    A directory goes into remote_path under its own name, or with a trailing slash its content does. A file goes into
    remote_path when that is a directory, else it becomes remote_path.
    """
    name = posixpath.basename(source.rstrip("/"))
    if not stat.S_ISDIR(os.stat(source).st_mode):  # noqa: PTH116 - a Path would lose the trailing slash
        if await sftp.isdir(remote_path):
            remote_path = posixpath.join(remote_path, name)
        else:
            await _make_directory(sftp, posixpath.dirname(remote_path))
        await _put(sftp, Path(source), remote_path)
        return
    if not await sftp.exists(remote_path):
        await _make_directory(sftp, remote_path)
    if not source.endswith("/"):
        remote_path = posixpath.join(remote_path, name)
    for entry, relative in _walk(Path(source)):
        target = posixpath.normpath(posixpath.join(remote_path, relative))
        if entry.is_dir() and not entry.is_symlink():
            await _make_one_directory(sftp, target)
        else:
            await _put(sftp, entry, target)


def _walk(top: Path) -> Iterator[tuple[Path, str]]:
    """Yield the directory itself, then its content, parents first, without following links to directories."""
    yield top, "."
    for directory, subdirectories, files in os.walk(top):
        subdirectories.sort()
        for name in sorted(subdirectories + files):
            path = Path(directory, name)
            yield path, path.relative_to(top).as_posix()


async def _put(sftp: asyncssh.SFTPClient, source: Path, target: str) -> None:
    try:
        async with sftp.open(target, "wb") as file:
            with source.open("rb") as data:
                while chunk := data.read(1 << 20):
                    await file.write(chunk)
    except asyncssh.SFTPError as error:
        message = f"failed to create remote file {target}: {error.reason}"
        raise OperationError(message) from error


async def _make_directory(sftp: asyncssh.SFTPClient, path: str) -> None:
    if path:
        try:
            await sftp.makedirs(path, exist_ok=True)
        except asyncssh.SFTPError as error:
            message = f"failed to create remote directory {path}: {error.reason}"
            raise OperationError(message) from error


async def _make_one_directory(sftp: asyncssh.SFTPClient, path: str) -> None:
    if await sftp.isdir(path):
        return
    if await sftp.exists(path):
        message = f"remote path {path} exists but is not a directory"
        raise OperationError(message)
    await _make_directory(sftp, path)
