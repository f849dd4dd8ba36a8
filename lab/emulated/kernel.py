"""Debian's kernel for emulated machines, kept in the cache: the package is unpacked, not installed."""

import re
from pathlib import Path

from lab.command import run
from tools import cache, progress
from tools.errors import ToolError

_PACKAGE = "linux-image-cloud-amd64"
"""The smaller one of Debian's kernels. It has WireGuard, vxlan, IPVS and SELinux; ext4 and PCI are built in."""


def ensure() -> Path:
    """Return the directory of the kernel: `boot/vmlinuz-VERSION` and `lib/modules/VERSION` are below it.

    It is that of the time when the cache got it. Raises ToolError on failure.
    """
    return cache.entry(f"kernel/{_PACKAGE}", _make)


def version(kernel: Path) -> str:
    """Return the version, such as 6.1.0-1-cloud-amd64."""
    return next((kernel / "lib" / "modules").iterdir()).name


def _make(target: Path) -> None:
    with progress.step(f"kernel of the emulated machines: Debian's {_PACKAGE}", expect="half a minute"):
        progress.run(["apt-get", "update", "--quiet"])
        package = _depends(run("apt-cache", "depends", _PACKAGE))
        progress.run(["apt-get", "--quiet", "download", "-o", "APT::Sandbox::User=root", package], cwd=target)
        (archive,) = target.glob("*.deb")
        progress.run(["dpkg-deb", "--extract", str(archive), str(target)])
        archive.unlink()


def _depends(printed: str) -> str:
    """Return the package of the kernel itself, of which the metapackage depends."""
    if found := re.search(r"^ *Depends: (linux-image-\S+)", printed, re.MULTILINE):
        return found.group(1)
    message = f"apt-cache depends {_PACKAGE} names no kernel:\n{printed}"
    raise ToolError(message)
