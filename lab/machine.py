"""Changes of the machine itself, which are undone when the last lab is down.

These are kernel-wide limits, which all namespaces share, and the directories of ip-netns(8).
"""

import json
from contextlib import suppress
from pathlib import Path

from lab import record
from lab.command import run, succeeds
from lab.layout import NETNS_CONFIGURATION, NETNS_DIRECTORY, state_root
from lab.topology import Topology

_NEIGHBOURS = "net.{family}.neigh.default.gc_thresh{level}"
# The kernel counts inotify(7) instances and watches per user, and root is one user on all hosts together: systemd,
# kubelet and containerd hold dozens of instances on each.
_INOTIFY = {"fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 524288}
_PODS = 110  # kubelet's limit for a node; each pod is a neighbour of its node


def limits(topology: Topology) -> dict[str, int]:
    """Return the minimal values for this topology.

    The kernel counts entries of the neighbour tables (arp(7)) over all namespaces together. When they run out,
    connections time out at random. The limit is twice the number of entries of full hosts.
    """
    entries = sum(len(site.hosts) * (len(site.hosts) + _PODS) for site in topology.sites)
    levels = {2: entries, 3: 2 * entries}
    return _INOTIFY | {
        _NEIGHBOURS.format(family=family, level=level): value
        for family in ("ipv4", "ipv6")
        for level, value in levels.items()
    }


def prepare(topology: Topology) -> None:
    """Raise the limits that are too low, and print them. The old values are recorded first."""
    with record.locked(_lock()):
        before = _read()
        for key, wanted in limits(topology).items():
            file = _file(key)
            value = int(file.read_text(encoding="ascii"))
            if value < wanted:
                before.setdefault(key, value)
                _write(before)
                file.write_text(str(wanted), encoding="ascii")
                print(f"    {key} raised from {value} to {wanted} until the last lab is down", flush=True)
        for directory in (NETNS_DIRECTORY, NETNS_CONFIGURATION):
            if not directory.exists():
                before[str(directory)] = 0
                _write(before)


def restore() -> None:
    """Undo `prepare` if no lab is left."""
    with record.locked(_lock()):
        if record.existing():
            return
        for key, value in _read().items():
            if key.startswith("/"):
                _remove_directory(Path(key))
            else:
                _file(key).write_text(str(value), encoding="ascii")
        _record().unlink(missing_ok=True)


def _remove_directory(directory: Path) -> None:
    if not directory.is_dir() or any(directory.iterdir()):
        return
    while succeeds("mountpoint", "-q", str(directory)):  # `ip netns add` mounts the directory over itself
        run("umount", str(directory))
    with suppress(OSError):  # another process has made a namespace meanwhile
        directory.rmdir()


def _lock() -> Path:
    return state_root() / "machine.lock"


def _record() -> Path:
    return state_root() / "machine.json"


def _file(key: str) -> Path:
    return Path("/proc/sys") / key.replace(".", "/")


def _read() -> dict[str, int]:
    try:
        values: dict[str, int] = json.loads(_record().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return values


def _write(values: dict[str, int]) -> None:
    temporary = _record().with_suffix(".new")
    temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")
    temporary.rename(_record())
