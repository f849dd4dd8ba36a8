"""The OCI registry: its program, and its storage, which is filled once from docker archives.

`python -m lab.kubespray.registry STORAGE ARCHIVE...` fills a storage; it needs a network namespace of its own.
"""

import argparse
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from lab.command import run
from lab.errors import LabError
from lab.kubernetes import images
from lab.kubespray import packages
from lab.layout import TREE
from tools import cache, debian, progress
from tools.errors import ToolError

_LOOPBACK = "127.0.0.1"
_PORT = 5000
_STARTS_IN = 180.0
_RECIPE = "1"  # change it when `fill` gives another result for the same archives


def program() -> Path:
    """Return the registry's program, from its Debian package."""
    return packages.unpacked("docker-registry") / "usr/bin/docker-registry"


def configuration(storage: Path, listen: str, *, read_only: bool) -> str:
    """Return the registry's configuration file; `listen` is ADDRESS:PORT."""
    settings: dict[str, object] = {"filesystem": {"rootdirectory": str(storage)}}
    if read_only:
        settings["maintenance"] = {"readonly": {"enabled": True}}
    # The log's default is one line for each request.
    return yaml.safe_dump({"version": 0.1, "storage": settings, "http": {"addr": listen}}, sort_keys=False)


def storage(artifacts: Path) -> Path:
    """Return the storage with all images of the artifacts, filled if the cache does not have it. Raises ToolError."""
    archives = sorted((artifacts / "images").glob("*.tar"))
    name = f"kubespray/registry/{cache.digest(_RECIPE, artifacts.name)}"
    return cache.entry(name, lambda target: fill(target, archives))


def fill(target: Path, archives: Sequence[Path]) -> None:
    """Fill an empty storage with docker archives. Raises ToolError."""
    debian.ensure(["skopeo"])
    program()
    command = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command += [sys.executable, "-m", "lab.kubespray.registry", str(target), *map(str, archives)]
    with progress.step(f"registry: {len(archives)} images to be pushed", expect="about a minute"):
        progress.run(command, cwd=TREE)


def path_of(reference: str) -> str:
    """Return path and tag of an image without the name of its registry, by the rules of docker's references.

    >>> path_of("registry.k8s.io/coredns/coredns:v1.12.4"), path_of("nginx:1"), path_of("flannel/flannel:v1")
    ('coredns/coredns:v1.12.4', 'library/nginx:1', 'flannel/flannel:v1')
    """
    first, slash, rest = reference.partition("/")
    if slash and (re.search("[.:]", first) or first == "localhost"):
        return rest if first != "docker.io" or "/" in rest else f"library/{rest}"
    return reference if slash else f"library/{reference}"


def _serve_and_push(target: Path, archives: Sequence[Path]) -> None:
    run("ip", "link", "set", "lo", "up")
    file = target / "filling.yaml"
    file.write_text(configuration(target, f"{_LOOPBACK}:{_PORT}", read_only=False), encoding="utf-8")
    with subprocess.Popen([str(program()), "serve", str(file)], stderr=subprocess.DEVNULL) as server:
        try:
            _await(server)
            for archive in archives:
                _push(archive, images.reference(archive))
        finally:
            server.terminate()
    file.unlink()


def _await(server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _STARTS_IN
    while True:
        try:
            socket.create_connection((_LOOPBACK, _PORT), timeout=1).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                message = "docker-registry does not answer"
                raise LabError(message) from error
            time.sleep(0.05)
        else:
            return


def _push(archive: Path, reference: str) -> None:
    target = f"docker://{_LOOPBACK}:{_PORT}/{path_of(reference)}"
    # A higher compression would take more time than it saves on the lab's network.
    options = ["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--dest-compress-level=1"]
    run("skopeo", *options, f"docker-archive:{archive}:{reference}", target)
    print(f"{path_of(reference)} pushed", flush=True)


def main() -> int:
    """Fill a storage."""
    parser = argparse.ArgumentParser(prog="python -m lab.kubespray.registry", description=__doc__)
    parser.add_argument("storage", type=Path)
    parser.add_argument("archives", nargs="+", type=Path)
    options = parser.parse_args()
    try:
        _serve_and_push(options.storage, options.archives)
    except (LabError, ToolError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
