"""Container images of one layer, made from files, as docker archives for `ctr images import` and skopeo.

Archives are reproducible: times are zero, owners are root, and entries are sorted.
Format: https://github.com/moby/docker-image-spec (manifest.json, configuration, layer).
"""

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from tools.errors import ToolError

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ACCOUNTS = {
    "/etc/passwd": b"root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    "/etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}
_DIRECTORIES = {"/tmp": 0o1777, "/etc": 0o755, "/run": 0o755, "/var": 0o755}  # noqa: S108 - paths in the image


@dataclass(frozen=True)
class Image:
    """An image from scratch.

    `reference` is the full name with tag. `files` maps absolute paths in the image to files of this machine, whose
    content and execute permission they have; `links` maps paths to targets of symbolic links. `architecture` is GOARCH.
    """

    reference: str
    entrypoint: tuple[str, ...]
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "amd64"


def architecture() -> str:
    """Return the GOARCH of this machine."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def write(image: Image, archive: Path) -> None:
    """Write the image to a docker archive."""
    with tempfile.TemporaryFile(dir=archive.parent) as layer:
        _write_layer(image, layer)
        layer.seek(0)
        digest = hashlib.file_digest(layer, "sha256").hexdigest()
        size = layer.tell()
        layer.seek(0)
        config = json.dumps(_config(image, digest), sort_keys=True).encode()
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        layer_name = f"{digest}/layer.tar"
        manifest = [{"Config": config_name, "RepoTags": [image.reference], "Layers": [layer_name]}]
        with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as out:
            _add(out, config_name, io.BytesIO(config), len(config))
            _add(out, layer_name, layer, size)
            text = json.dumps(manifest).encode()
            _add(out, "manifest.json", io.BytesIO(text), len(text))


def reference(archive: Path) -> str:
    """Return the full name with tag of the image in a docker archive. Raises ToolError unless it has exactly one."""
    try:
        with tarfile.open(archive) as tar, tar.extractfile("manifest.json") or io.BytesIO() as manifest:
            ((name,),) = [image["RepoTags"] for image in json.load(manifest)]
    except (tarfile.TarError, KeyError, TypeError, ValueError) as error:
        message = f"{archive} is not a docker archive of one image with one name"
        raise ToolError(message) from error
    return str(name)


def _config(image: Image, layer_digest: str) -> dict[str, object]:
    return {
        "architecture": image.architecture,
        "os": "linux",
        "config": {"Entrypoint": list(image.entrypoint), "Env": [f"PATH={_PATH}"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }


def _write_layer(image: Image, out: IO[bytes]) -> None:
    directories = dict(_DIRECTORIES)
    for path in (*image.files, *image.links):
        for parent in PurePosixPath(path).parents:
            directories.setdefault(str(parent), 0o755)
    directories.pop("/", None)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, mode in sorted(directories.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        for path, content in sorted(_ACCOUNTS.items()):
            _add(tar, path.lstrip("/"), io.BytesIO(content), len(content))
        for path, source in sorted(image.files.items()):
            status = source.stat()
            with source.open("rb") as data:
                _add(tar, path.lstrip("/"), data, status.st_size, executable=bool(status.st_mode & 0o111))
        for path, target in sorted(image.links.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)


def _add(tar: tarfile.TarFile, name: str, data: IO[bytes], size: int, *, executable: bool = False) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o755 if executable else 0o644
    tar.addfile(entry, data)
