"""The two servers of a lab's Kubespray mirror, at the operator's address: files over HTTP, and an image registry.

Both are read-only. They run in the operator's place and in the lab's cgroups, so `lab down` ends them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from lab import process
from lab.cgroups import Cgroups
from lab.command import run
from lab.enter import netns_command
from lab.errors import LabError
from lab.kubespray import registry
from lab.layout import Layout
from tools.progress import step

FILES_PORT = 8000
REGISTRY_PORT = 5000
PACKAGES = "packages"
"""Directory of the apt repository among the files."""
_STARTS_IN = 180.0


@dataclass(frozen=True)
class Mirror:
    """Address of the mirror, and the directories in the cache that it serves."""

    address: IPv4Address
    files: Path
    packages: Path
    storage: Path

    @property
    def files_url(self) -> str:
        """Base URL of the files."""
        return f"http://{self.address}:{FILES_PORT}"

    @property
    def registry(self) -> str:
        """Name of the registry, as the prefix of image names."""
        return f"{self.address}:{REGISTRY_PORT}"


def serve(mirror: Mirror, layout: Layout, cgroups: Cgroups) -> None:
    """Ensure that both servers run and serve this mirror; one that does is not restarted. Raises LabError."""
    directory = layout.state / "kubespray"
    root = directory / "files"
    root.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in mirror.files.iterdir()} | {PACKAGES: mirror.packages}
    for name in {link.name for link in root.iterdir()} - set(wanted):
        (root / name).unlink()
    for name, path in wanted.items():
        new = directory / "new-link"
        new.unlink(missing_ok=True)
        new.symlink_to(path)
        new.replace(root / name)
    files = [sys.executable, "-m", "http.server", "--protocol", "HTTP/1.1"]
    files += ["--bind", str(mirror.address), "--directory", str(root), str(FILES_PORT)]
    _ensure(_Server("kubespray-files", mirror.address, FILES_PORT, files, ""), layout, cgroups)
    file = directory / "registry.yaml"
    settings = registry.configuration(mirror.storage, mirror.registry, read_only=True)
    file.write_text(settings, encoding="utf-8")
    images = [str(registry.program()), "serve", str(file)]
    _ensure(_Server("kubespray-registry", mirror.address, REGISTRY_PORT, images, settings), layout, cgroups)


@dataclass(frozen=True)
class _Server:
    """A server. `name` is that of its cgroup and its log; it is restarted when its command or settings change."""

    name: str
    address: IPv4Address
    port: int
    command: Sequence[str]
    settings: str


def _ensure(server: _Server, layout: Layout, cgroups: Cgroups) -> None:
    started_with = layout.state / "kubespray" / f"{server.name}.json"
    text = json.dumps([*server.command, server.settings])
    known = started_with.exists() and started_with.read_text(encoding="utf-8") == text
    if known and cgroups.processes(server.name):
        return
    with step(f"{server.name}: serves at {server.address}:{server.port}"):
        cgroups.kill(server.name)
        log = layout.state / f"{server.name}.log"
        command = [*netns_command(layout.operator_netns), *server.command]
        running = process.start(command, cgroups.make(server.name), log=log)
        started_with.write_text(text, encoding="utf-8")
        _await(running, server, layout, log)


def _await(running: "subprocess.Popen[bytes]", server: _Server, layout: Layout, log: Path) -> None:
    deadline = time.monotonic() + _STARTS_IN
    while not _listens(layout.operator_netns, server):
        if running.poll() is not None or time.monotonic() > deadline:
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
            message = f"{server.name} does not listen at port {server.port}; its log {log} ends with\n{last}"
            raise LabError(message)
        time.sleep(0.05)


def _listens(operator: str, server: _Server) -> bool:
    return bool(run(*netns_command(operator), "ss", "-Hltn", "src", f"{server.address}:{server.port}"))
