"""Network namespaces by name, and iproute2 in them."""

from collections.abc import Iterable
from pathlib import Path

from lab.command import run, succeeds
from lab.layout import NETNS_DIRECTORY


def names(prefix: str) -> list[str]:
    """Return the names of the namespaces with this prefix."""
    if not NETNS_DIRECTORY.is_dir():
        return []
    return sorted(path.name for path in NETNS_DIRECTORY.iterdir() if path.name.startswith(prefix))


def path(name: str) -> Path:
    """Return the path of the namespace's file."""
    return NETNS_DIRECTORY / name


def make(name: str) -> None:
    """Make an empty namespace; an existing one is removed first, with its devices."""
    remove(name)
    run("ip", "netns", "add", name)


def remove(name: str) -> None:
    """Remove the name of the namespace if it exists. The namespace itself ends with its last process."""
    if path(name).exists():
        run("ip", "netns", "delete", name)


def ip(name: str, commands: Iterable[str]) -> None:
    """Run commands of iproute2 in the namespace, up to the first failure. Raises LabError."""
    run("ip", "-netns", name, "-batch", "-", stdin="".join(f"{command}\n" for command in commands))


def sysctl(name: str, values: dict[str, int]) -> None:
    """Set kernel parameters of the namespace."""
    run("ip", "netns", "exec", name, "sysctl", "-q", "-w", *(f"{key}={value}" for key, value in values.items()))


def nft(name: str, rules: str) -> None:
    """Load nftables rules in the namespace."""
    run("ip", "netns", "exec", name, "nft", "-f", "-", stdin=rules)


def has_link(name: str, link: str) -> bool:
    """Tell whether the namespace has a network device of this name."""
    return succeeds("ip", "-netns", name, "link", "show", "dev", link)


def has_carrier(name: str, link: str) -> bool:
    """Tell whether a network device has a carrier."""
    return "LOWER_UP" in run("ip", "-netns", name, "link", "show", "dev", link)
