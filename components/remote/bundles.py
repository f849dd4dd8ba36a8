"""Bundles: files that root on a host executes and reads, packed into one file that is named by its digest.

A bundle is uploaded below the home of the login user. There root runs scripts/node/take_over.sh, which copies the
bundle to a directory that only root can write, compares the copy with the digest in the command line, and only then
unpacks it. Unpacking needs only coreutils on the host. The bytes of a bundle depend on names and contents only.
"""

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from components.remote import host_files
from components.remote.connection import Host

TAKEN_OVER = "/var/lib/stretched-uploads"
"""Directory on hosts, writable by root only: KIND/NAME is an unpacked bundle, KIND/current the one in force. homes.sh
has the same path."""
HOST_DIRECTORY = ".stretched"
"""Directory of uploads, below the login user's home."""
NODES_DIRECTORY = "nodes"
"""Below HOST_DIRECTORY. It has a directory for each node, because hosts may share a home."""

_NAME = re.compile(r"[A-Za-z0-9._/-]+", re.ASCII)
_LIMIT = 120
"""Seconds that take_over.sh may take."""


@dataclass(frozen=True)
class Bundle:
    """Files of one `kind`. In `content` a line `SIZE NAME` precedes the bytes of each file. Never secret."""

    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits: root compares the upload with it."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def name(self) -> str:
        """The first 16 digits of the digest: enough to distinguish this program's own bundles."""
        return self.digest[:16]

    @property
    def directory(self) -> str:
        """Path of the unpacked files on a host."""
        return f"{TAKEN_OVER}/{self.kind}/{self.name}"

    def upload_path(self, node: str) -> str:
        """Return the path of a node's uploaded bundle, below HOST_DIRECTORY."""
        return f"{NODES_DIRECTORY}/{node}/{self.kind}/{self.name}"

    def take_over(self, host: Host, node: str, *, first: bool = False) -> str:
        """Return the command line that verifies and unpacks the uploaded bundle; it does nothing when that is done.

        The login user's shell opens the upload, and root reads its standard input, because root may be unable to read
        the home. With `first` the host has no file of this program yet, and the line contains the script itself.
        """
        script = f"-c {shlex.quote(_inline())} take_over" if first else f"{current('node')}/take_over.sh"
        upload = shlex.quote(f"{HOST_DIRECTORY}/{self.upload_path(node)}")
        return f"{host.become}timeout {_LIMIT} sh {script} {self.directory} {self.digest} <{upload}"


def bundle(kind: str, files: Mapping[str, bytes]) -> Bundle:
    """Return files as a bundle; names are relative paths.

    Raises ValueError for a name that a host could misread.
    """
    parts = []
    for name in sorted(files):
        if not _NAME.fullmatch(name) or name.startswith(("/", "-")) or ".." in name.split("/"):
            msg = f"{name!r} cannot be the name of a file in a bundle"
            raise ValueError(msg)
        parts += [f"{len(files[name])} {name}\n".encode(), files[name]]
    return Bundle(kind, b"".join(parts))


def unbundled(content: bytes) -> dict[str, bytes]:
    """Return the files of a bundle by name: what a host unpacks."""
    files = {}
    while content:
        line, _, content = content.partition(b"\n")
        size, _, name = line.decode().partition(" ")
        files[name], content = content[: int(size)], content[int(size) :]
    return files


def current(kind: str) -> str:
    """Return the directory on hosts with the bundle of a kind that is in force."""
    return f"{TAKEN_OVER}/{kind}/current"


def _inline() -> str:
    """Return take_over.sh as one line: not every login shell accepts line breaks within quotes."""
    lines = host_files.scripts("node")["take_over.sh"].decode().splitlines()
    return " ".join(line.strip() for line in lines if not line.startswith("#")).removesuffix(";")
