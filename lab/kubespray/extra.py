"""What no registry has: a directory that the caller brings, held against its own SHA256SUMS.

`crictl-vVERSION-linux-ARCHITECTURE.tar.gz` and `nerdctl-VERSION-linux-ARCHITECTURE.tar.gz` as the projects release
them, and docker archives `images/*.tar`, among them the two images of flannel.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from lab.kubernetes import images
from lab.kubespray import archives
from tools.errors import ToolError

SUMS = "SHA256SUMS"
_TOOLS = {"crictl": "crictl-v{}-linux-{}.tar.gz", "nerdctl": "nerdctl-{}-linux-{}.tar.gz"}
_FLANNEL = {
    "flannel/flannel": "the pods of flannel on every node",
    "flannel/flannel-cni-plugin": "flannel's CNI plug-in, which those pods put on the host",
}
_USES = {"crictl": "talking to the container runtime", "nerdctl": "pulling images on hosts"}


@dataclass(frozen=True)
class Tool:
    """A tarball with one program of this name in it; the version has no leading v."""

    file: Path
    version: str


@dataclass(frozen=True)
class Extra:
    """The directory's contents, after all checks. `tags` maps flannel's images (paths without registry) to tags."""

    crictl: Tool
    nerdctl: Tool
    images: tuple[Path, ...]
    tags: dict[str, str]
    sums: bytes


def check(directory: Path, architecture: str) -> Extra:
    """Return what the directory holds. Raises ToolError with every mistake at once, and what the files are for."""
    if not directory.is_dir():
        message = f"{directory} is no directory: it must hold what no registry has\n{_wanted(architecture)}"
        raise ToolError(message)
    mistakes = _wrong_sums(directory)
    tools = {name: _tool(directory, name, architecture, mistakes) for name in _TOOLS}
    found = tuple(sorted((directory / "images").glob("*.tar")))
    tags = _tags(found, mistakes)
    crictl, nerdctl = tools["crictl"], tools["nerdctl"]
    if mistakes or crictl is None or nerdctl is None:
        lines = "\n".join(f"  - {mistake}" for mistake in mistakes)
        message = f"{directory} cannot be used:\n{lines}\n{_wanted(architecture)}"
        raise ToolError(message)
    return Extra(crictl, nerdctl, found, tags, (directory / SUMS).read_bytes())


def _wanted(architecture: str) -> str:
    lines = [f"  {_TOOLS[name].format('VERSION', architecture)}: {use}" for name, use in _USES.items()]
    lines += [f"  images/*.tar with docker.io/{path}:TAG: {use}" for path, use in _FLANNEL.items()]
    return "\n".join(["What belongs into it:", *lines, f"  {SUMS}: made there by `sha256sum *.tar.gz images/*.tar`"])


def _wrong_sums(directory: Path) -> list[str]:
    """Hold every file against the list, and the list against the files."""
    try:
        lines = (directory / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [f"{SUMS} is not there"]
    except UnicodeDecodeError:
        return [f"{SUMS} is no text"]
    mistakes, listed = [], {}
    for number, line in enumerate(lines, start=1):
        if match := re.fullmatch(r"([0-9a-f]{64}) [ *](?:\./)?(\S.*)", line):
            listed[match[2]] = match[1]
        else:
            mistakes.append(f"{SUMS}, line {number}: not a checksum, two spaces and a file name")
    present = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    present.pop(SUMS, None)
    mistakes += [f"{name} is listed in {SUMS} but is not there" for name in sorted(listed.keys() - present.keys())]
    mistakes += [f"{name} is not listed in {SUMS}" for name in sorted(present.keys() - listed.keys())]
    for name in sorted(listed.keys() & present.keys()):
        with present[name].open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != listed[name]:
                mistakes.append(f"{name} is not what {SUMS} says: it was changed or is not whole")
    return mistakes


def _tool(directory: Path, name: str, architecture: str, mistakes: list[str]) -> Tool | None:
    """Find the one tarball of a program; note what is wrong with it."""
    pattern = _TOOLS[name]
    found = sorted(directory.glob(pattern.format("*", architecture)))
    if len(found) != 1:
        count = "several" if found else "none"
        wanted = pattern.format("VERSION", architecture)
        mistakes.append(f"one {wanted} is needed for {_USES[name]}, {count} found")
        return None
    if not archives.has(found[0], name):
        mistakes.append(f"{found[0].name} is no tar.gz with {name} at its top")
    before, after = pattern.format("*", architecture).split("*")
    return Tool(found[0], found[0].name.removeprefix(before).removesuffix(after))


def _tags(found: tuple[Path, ...], mistakes: list[str]) -> dict[str, str]:
    """Return the tags of flannel's images; note those that are missing or twice there, and what is no image."""
    tags: dict[str, str] = {}
    for archive in found:
        try:
            path, _, tag = images.reference(archive).removeprefix("docker.io/").rpartition(":")
        except ToolError as error:
            mistakes.append(str(error))
            continue
        if path in tags:
            mistakes.append(f"images/{archive.name} is another docker.io/{path}: one tag of it can be used")
        if path in _FLANNEL:
            tags[path] = tag
    for path in _FLANNEL.keys() - tags.keys():
        mistakes.append(f"an image docker.io/{path}:TAG is needed for {_FLANNEL[path]}, none found in images/")
    return tags
