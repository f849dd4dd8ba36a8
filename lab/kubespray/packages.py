"""Debian packages: an apt repository of the packages that Kubespray installs on hosts, and files of single packages.

apt uses its own sources and lists here: those of this machine, and its installed packages, do not matter.
"""

import subprocess
import tempfile
from pathlib import Path

from tools import cache, debian
from tools.progress import run, step

_SUITE = "bookworm"
_SOURCES = f"""\
deb http://deb.debian.org/debian {_SUITE} main
deb http://deb.debian.org/debian {_SUITE}-updates main
deb http://deb.debian.org/debian-security {_SUITE}-security main
"""
# Packages of the role system_packages of Kubespray v2.31.0 on Debian 12, without IPVS and NTP, for both proxy modes.
KUBESPRAY = (
    *("apparmor", "apt-transport-https", "bash-completion", "conntrack", "curl", "e2fsprogs", "ebtables", "gnupg"),
    *("iproute2", "ipset", "iptables", "iputils-ping", "libseccomp2", "mergerfs", "nftables", "openssl", "python3-apt"),
    *("rsync", "socat", "software-properties-common", "tar", "unzip", "xfsprogs"),
)


def repository(image: Path) -> Path:
    """Return a flat apt repository of Kubespray's packages and their dependencies, as far as the image lacks them.

    `image` is a root file system; the name of its cache entry identifies its content. Raises ToolError.
    """
    name = f"kubespray/packages/{cache.digest(_SOURCES, *KUBESPRAY, image.parent.name)}"

    def fill(target: Path) -> None:
        debian.ensure(["dpkg-dev"])
        with step("Debian packages that Kubespray installs on hosts", expect="half a minute"):
            _apt(image / "var/lib/dpkg/status", target, "--yes", "--download-only", "install", *KUBESPRAY)
            with (target / "Packages").open("wb") as index:
                subprocess.run(
                    ["dpkg-scanpackages", "--multiversion", "."],
                    cwd=target,
                    stdout=index,
                    stderr=subprocess.DEVNULL,
                    check=True,
                )

    return cache.entry(name, fill)


def unpacked(package: str) -> Path:
    """Return a directory with the package's files. The package is not installed, so it starts no services."""

    def fill(target: Path) -> None:
        with step(f"Debian package {package}, unpacked into the cache"), tempfile.TemporaryDirectory() as directory:
            _apt(Path("/dev/null"), Path(directory), "download", package)
            (archive,) = Path(directory).glob("*.deb")
            run(["dpkg-deb", "--extract", str(archive), str(target)])

    return cache.entry(f"kubespray/{package}-{cache.digest(_SOURCES)}", fill)


def _apt(status: Path, target: Path, *words: str) -> None:
    """Run apt-get for a system with this dpkg status; it downloads packages to `target`."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "sources.list").write_text(_SOURCES, encoding="ascii")
        for name in ("lists/partial", "archives/partial"):
            (Path(directory) / name).mkdir(parents=True)
        options = {
            "Dir::Etc::sourcelist": f"{directory}/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferencesparts": "-",
            "Dir::State::lists": f"{directory}/lists",
            "Dir::State::status": status,
            "Dir::Cache::archives": f"{directory}/archives",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
        }
        command = ["apt-get", "--quiet", *(f"--option={key}={value}" for key, value in options.items())]
        run([*command, "update"])
        run([*command, *words], cwd=target)
        for archive in (Path(directory) / "archives").glob("*.deb"):
            archive.rename(target / archive.name)
