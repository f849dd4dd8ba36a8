"""The systems that a host of a topology may be like: Debian's packages of which each root file system is made."""

from dataclasses import dataclass

from lab.topology import System

_COMMON = (
    *("systemd", "systemd-sysv", "dbus", "kmod", "mount", "procps", "sudo", "e2fsprogs", "ca-certificates"),
    *("openssh-server", "rsync", "curl", "openssl", "tar", "unzip", "xz-utils"),
    *("iproute2", "iputils-ping", "nftables", "iptables", "ipset", "ebtables", "ethtool", "conntrack"),
    *("socat", "tcpdump"),
    *("python3", "python3-venv", "python3-apt"),
    *("containerd", "runc"),
)
_OFFERED = ("wireguard-tools", "haproxy", "ufw")
# Real firewalld, NetworkManager, dnf and rpm; SELinux is in force only on a host with a kernel of its own.
_EL9 = (
    *("dnf", "rpm", "firewalld", "network-manager", "gir1.2-nm-1.0", "polkitd"),
    *("selinux-policy-default", "policycoreutils", "selinux-utils"),
)
_UBUNTU = ("ufw", "systemd-resolved", "needrestart")


@dataclass(frozen=True)
class Recipe:
    """What a root file system is made of: the `suite` of Debian, and names of its packages.

    `offered` packages are not installed, but in the hosts' local repository, with those that they depend on.
    `own` is the name of the directory, below lab/rootfs, of what only this system has; empty: nothing.
    """

    suite: str
    packages: tuple[str, ...] = _COMMON
    offered: tuple[str, ...] = _OFFERED
    own: str = ""


def recipe(system: System) -> Recipe:
    """Return the recipe of a system."""
    if system.like == "el9":
        return Recipe(system.release, (*_COMMON, *_EL9), ("wireguard-tools", "haproxy", "conntrack", "nftables"), "el9")
    if system.like == "ubuntu":
        return Recipe(system.release, (*_COMMON, *_UBUNTU), ("wireguard-tools", "haproxy"), "ubuntu")
    return Recipe(system.release)
