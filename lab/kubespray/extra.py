"""Files that no registry has: a directory that the user provides, verified by its SHA256SUMS.

It holds `crictl-vVERSION-linux-ARCHITECTURE.tar.gz` and `nerdctl-VERSION-linux-ARCHITECTURE.tar.gz` as the projects
release them, and docker archives `images/*.tar`, among them the two images of flannel.
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
    """A tarball with one program; the version has no leading v."""

    file: Path
    version: str


@dataclass(frozen=True)
class Extra:
    """Verified content of the directory. `tags` maps flannel's images (paths without registry) to tags."""

    crictl: Tool
    nerdctl: Tool
    images: tuple[Path, ...]
    tags: dict[str, str]
    sums: bytes


def check(directory: Path, architecture: str) -> Extra:
    """Return the content of the directory. Raises ToolError with all mistakes, and each file's purpose."""
    if not directory.is_dir():
        message = (
            f"{directory} is not a directory: it must hold the files that no registry has\n{_wanted(architecture)}"
        )
        raise ToolError(message)
    mistakes = _wrong_sums(directory)
    tools = {name: _tool(directory, name, architecture, mistakes) for name in _TOOLS}
    archives_of_images = tuple(sorted((directory / "images").glob("*.tar")))
    tags = _tags(archives_of_images, mistakes)
    crictl, nerdctl = tools["crictl"], tools["nerdctl"]
    if mistakes or crictl is None or nerdctl is None:
        lines = "\n".join(f"  - {mistake}" for mistake in mistakes)
        message = f"{directory} cannot be used:\n{lines}\n{_wanted(architecture)}"
        raise ToolError(message)
    return Extra(crictl, nerdctl, archives_of_images, tags, (directory / SUMS).read_bytes())


def _wanted(architecture: str) -> str:
    lines = [f"  {_TOOLS[name].format('VERSION', architecture)}: {use}" for name, use in _USES.items()]
    lines += [f"  images/*.tar with docker.io/{path}:TAG: {use}" for path, use in _FLANNEL.items()]
    return "\n".join(["It must hold:", *lines, f"  {SUMS}: made there by `sha256sum *.tar.gz images/*.tar`"])


def _wrong_sums(directory: Path) -> list[str]:
    """Return the differences between SHA256SUMS and the files."""
    try:
        lines = (directory / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return [f"{SUMS} is missing"]
    except UnicodeDecodeError:
        return [f"{SUMS} is not a text file"]
    mistakes, listed = [], {}
    for number, line in enumerate(lines, start=1):
        if match := re.fullmatch(r"([0-9a-f]{64}) [ *](?:\./)?(\S.*)", line):
            listed[match[2]] = match[1]
        else:
            mistakes.append(f"{SUMS}, line {number}: not a checksum, two spaces and a file name")
    present = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    present.pop(SUMS, None)
    mistakes += [f"{name} is listed in {SUMS} but is missing" for name in sorted(listed.keys() - present.keys())]
    mistakes += [f"{name} is not listed in {SUMS}" for name in sorted(present.keys() - listed.keys())]
    for name in sorted(listed.keys() & present.keys()):
        with present[name].open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != listed[name]:
                mistakes.append(f"{name} does not match {SUMS}: it was changed or is incomplete")
    return mistakes


def _tool(directory: Path, name: str, architecture: str, mistakes: list[str]) -> Tool | None:
    """Return the one tarball of a program; record what is wrong with it."""
    pattern = _TOOLS[name]
    tarballs = sorted(directory.glob(pattern.format("*", architecture)))
    if len(tarballs) != 1:
        count = "several are" if tarballs else "none is"
        wanted = pattern.format("VERSION", architecture)
        mistakes.append(f"one {wanted} is needed for {_USES[name]}, but {count} there")
        return None
    (tarball,) = tarballs
    if not archives.has(tarball, name):
        mistakes.append(f"{tarball.name} is not a tar.gz with {name} at its top")
    before, after = pattern.format("*", architecture).split("*")
    return Tool(tarball, tarball.name.removeprefix(before).removesuffix(after))


def _tags(archives_of_images: tuple[Path, ...], mistakes: list[str]) -> dict[str, str]:
    """Return the tags of flannel's images; record missing and duplicate ones, and files that are not images."""
    tags: dict[str, str] = {}
    for archive in archives_of_images:
        try:
            path, _, tag = images.reference(archive).removeprefix("docker.io/").rpartition(":")
        except ToolError as error:
            mistakes.append(str(error))
            continue
        if path in tags:
            mistakes.append(f"images/{archive.name} is a second docker.io/{path}: keep one of them")
        if path in _FLANNEL:
            tags[path] = tag
    for path in _FLANNEL.keys() - tags.keys():
        mistakes.append(f"an image docker.io/{path}:TAG is needed for {_FLANNEL[path]}, but images/ has none")
    return tags
