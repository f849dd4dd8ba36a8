"""Bundles: what root on a host executes and reads, as one file each, named by its digest.

A bundle is uploaded as it is, below the home of the login user. Root's first step there, scripts/node/take_over.sh,
copies it to where nobody else can write, compares the copy with the digest in the command line, and only then takes it
apart.
The form needs nothing but coreutils on the host, and its bytes depend on names and contents only.
"""

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from components.remote import host_files
from components.remote.connection import Host

TAKEN_OVER = "/var/lib/stretched-uploads"
"""On hosts, root's alone: KIND/NAME is a bundle taken apart, KIND/current the one in force. homes.sh has it, too."""
HOST_DIRECTORY = ".stretched"
"""Below the login user's home: what we upload lies there."""
LETTERS = "nodes"
"""Below HOST_DIRECTORY; a directory for each node, as hosts may share a home."""

_NAME = re.compile(r"[A-Za-z0-9._/-]+", re.ASCII)
_LIMIT = 120
"""Seconds for taking a bundle over."""


@dataclass(frozen=True)
class Bundle:
    """Files for one purpose, `kind`. `content` is a line `SIZE NAME` before the bytes of each. Never secret."""

    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, whole: what root compares with."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def name(self) -> str:
        """The digest's beginning: enough to tell our own bundles apart."""
        return self.digest[:16]

    @property
    def directory(self) -> str:
        """Where the files lie on a host once root has taken them over."""
        return f"{TAKEN_OVER}/{self.kind}/{self.name}"

    def letter(self, node: str) -> str:
        """Return the path of the uploaded file of a node, below HOST_DIRECTORY."""
        return f"{LETTERS}/{node}/{self.kind}/{self.name}"

    def take_over(self, host: Host, node: str, *, first: bool = False) -> str:
        """Return the command line that takes the upload over; nothing happens where that has been done.

        The login user's shell opens the upload, and root reads from its standard input: root may not see the home. With
        `first` there is nothing of ours on the host yet, and the script stands in the line.
        """
        script = f"-c {shlex.quote(_inline())} take_over" if first else f"{current('node')}/take_over.sh"
        letter = shlex.quote(f"{HOST_DIRECTORY}/{self.letter(node)}")
        return f"{host.become}timeout {_LIMIT} sh {script} {self.directory} {self.digest} <{letter}"


def bundle(kind: str, files: Mapping[str, bytes]) -> Bundle:
    """Return files as a bundle; names are relative and may have directories.

    ValueError where a host could misread a name.
    """
    parts = []
    for name in sorted(files):
        if not _NAME.fullmatch(name) or name.startswith(("/", "-")) or ".." in name.split("/"):
            msg = f"{name!r} is no name for a file of a bundle"
            raise ValueError(msg)
        parts += [f"{len(files[name])} {name}\n".encode(), files[name]]
    return Bundle(kind, b"".join(parts))


def unbundled(content: bytes) -> dict[str, bytes]:
    """Return the files of a bundle, as a host takes it apart."""
    files = {}
    while content:
        line, _, content = content.partition(b"\n")
        size, _, name = line.decode().partition(" ")
        files[name], content = content[: int(size)], content[int(size) :]
    return files


def current(kind: str) -> str:
    """Return where the bundle of a kind that is in force lies: the same path for all of them."""
    return f"{TAKEN_OVER}/{kind}/current"


def _inline() -> str:
    """Return take_over.sh as one line: not every login shell takes several in quotes."""
    lines = host_files.scripts("node")["take_over.sh"].decode().splitlines()
    return " ".join(line.strip() for line in lines if not line.startswith("#")).removesuffix(";")
