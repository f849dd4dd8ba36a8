"""What the hosts of a topology boot from: a root file system for containers, an image made of one for machines."""

from pathlib import Path

from lab import rootfilesystem
from lab.emulated import image
from lab.topology import Host, Topology


def ensure(topology: Topology) -> dict[Host, Path]:
    """Return the directory of each host's root file system or image; the cache gets missing ones. Raises ToolError."""
    wanted = {host: (host.system, image.packages(host) if host.machine else ()) for host in topology.hosts}
    roots = rootfilesystem.ensure_all(wanted.values())
    return {
        host: image.ensure(roots[root], selinux=host.selinux).directory if host.machine else roots[root]
        for host, root in wanted.items()
    }
