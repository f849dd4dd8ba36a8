"""Programs that kube-proxy runs: nft and iptables of this machine's Debian packages, with their libraries."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tools import debian
from tools.errors import ToolError

_PACKAGES = ("iptables", "nftables", "netbase")
_NFT = "/usr/sbin/nft"
_XTABLES = "/usr/sbin/xtables-nft-multi"
_NAMES = [f"{family}{action}" for family in ("iptables", "ip6tables") for action in ("", "-save", "-restore")]
# Without this file nft lists protocols by number, and a restarted kube-proxy does not recognize its own entries.
_PROTOCOLS = Path("/etc/protocols")
LINKS = {f"/usr/sbin/{name}": Path(_XTABLES).name for name in _NAMES}


def files() -> dict[str, Path]:
    """Return files of this machine by their path in the image. Missing packages are installed."""
    debian.ensure(_PACKAGES)
    extensions = sorted(path for path in Path("/usr/lib").glob("*-linux-gnu/xtables/*.so") if path.is_file())
    if not extensions:
        message = "Debian's iptables package has no extensions below /usr/lib/*-linux-gnu/xtables"
        raise ToolError(message)
    programs = [Path(_NFT), Path(_XTABLES), *extensions]
    return {str(path): path for path in (*programs, *libraries(programs), _PROTOCOLS)}


def libraries(programs: Iterable[Path]) -> list[Path]:
    """Return the shared libraries of programs, including the dynamic linker."""
    listing = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False)
    if missing := re.findall(r"(\S+) => not found", listing.stdout):
        message = f"shared libraries are missing on this machine: {', '.join(sorted(set(missing)))}"
        raise ToolError(message)
    return [Path(path) for path in sorted(set(re.findall(r"(/\S+) \(0x", listing.stdout)))]
