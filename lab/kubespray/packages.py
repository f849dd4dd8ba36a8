"""Debian packages from the archive: an apt repository of what Kubespray installs on hosts, and single packages' files.

apt works here with lists of its own: neither this machine's sources and lists nor what is installed on it plays a part.
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
# What the role system_packages of Kubespray v2.31.0 has on Debian 12 without IPVS and NTP. Both proxy modes' are in it.
KUBESPRAY = (
    *("apparmor", "apt-transport-https", "bash-completion", "conntrack", "curl", "e2fsprogs", "ebtables", "gnupg"),
    *("iproute2", "ipset", "iptables", "iputils-ping", "libseccomp2", "mergerfs", "nftables", "openssl", "python3-apt"),
    *("rsync", "socat", "software-properties-common", "tar", "unzip", "xfsprogs"),
)


def repository(image: Path) -> Path:
    """Return a flat apt repository: those of Kubespray's packages, and of what they need, that the image lacks.

    `image` is a root file system whose place in the cache names what is in it. Raises ToolError.
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
    """Return a directory with the package's files alone. It is not installed, so that nothing of it starts here."""

    def fill(target: Path) -> None:
        with step(f"Debian package {package}, unpacked into the cache"), tempfile.TemporaryDirectory() as directory:
            _apt(Path("/dev/null"), Path(directory), "download", package)
            (archive,) = Path(directory).glob("*.deb")
            run(["dpkg-deb", "--extract", str(archive), str(target)])

    return cache.entry(f"kubespray/{package}-{cache.digest(_SOURCES)}", fill)


def _apt(status: Path, target: Path, *words: str) -> None:
    """Run apt-get for a system whose dpkg status is this; the packages come to `target`."""
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
