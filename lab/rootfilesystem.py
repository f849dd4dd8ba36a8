"""The Debian root file system that all hosts share, kept in the cache."""

import os
from pathlib import Path

from tools import cache, debian, gobuild
from tools.pins import pins
from tools.progress import run, step

_SUITE = "bookworm"
_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "kmod", "mount", "procps", "sudo", "e2fsprogs", "ca-certificates"),
    *("openssh-server", "rsync", "curl", "openssl", "tar", "unzip", "xz-utils"),
    *(
        "iproute2",
        "iputils-ping",
        "nftables",
        "iptables",
        "ipset",
        "ebtables",
        "ethtool",
        "conntrack",
        "socat",
        "tcpdump",
    ),
    *("python3", "python3-venv", "python3-apt"),
    *("containerd", "runc"),
)
# Packages that are not installed on hosts, but are in their local apt repository.
_OFFERED = (
    *("wireguard-tools", "ufw"),
    *("haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"),  # with its dependencies
)
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
_FILES = Path(__file__).parent / "rootfs"


def ensure() -> Path:
    """Return the directory of the root file system, made if the cache does not have it.

    It is read-only by convention: hosts mount overlays over it. Raises ToolError on failure.
    """
    recipe = repr((_SUITE, _PACKAGES, _OFFERED, _LEFT_OUT, pins().go["wireguard-go"]))
    return cache.entry(f"rootfs/{_SUITE}-{cache.digest(recipe, cache.digest_tree(_FILES))}", _make) / "root"


def _make(target: Path) -> None:
    debian.ensure(["mmdebstrap", "dpkg-dev"])
    wireguard_go = gobuild.binary("wireguard-go")
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(_PACKAGES)}",
        *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
        f"--customize-hook={_FILES / 'customize'}",
        _SUITE,
        str(target / "root"),
    ]
    environment = {**os.environ, "WIREGUARD_GO": str(wireguard_go), "PACKAGES": " ".join(_OFFERED)}
    with step(f"root file system of the hosts: Debian {_SUITE} by mmdebstrap", expect="about a minute"):
        run(command, env=environment)
