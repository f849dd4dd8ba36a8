"""What labs change about the machine itself, and take back when the last of them is down.

That is kernel-wide limits, which all namespaces share, and the directories where ip-netns(8) keeps names.
"""

import json
from contextlib import suppress
from pathlib import Path

from lab import record
from lab.command import run, succeeds
from lab.layout import NETNS_CONFIGURATION, NETNS_DIRECTORY, state_root
from lab.topology import Topology

_NEIGHBOURS = "net.{family}.neigh.default.gc_thresh{level}"
# inotify(7) instances and watches are counted per user, and root is one user on all hosts together: systemd, kubelet
# and containerd hold some dozens of instances on each.
_INOTIFY = {"fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 524288}
_PODS = 110  # kubelet's limit for a node; each is a neighbour of it


def limits(topology: Topology) -> dict[str, int]:
    """Return the values that this topology needs at least.

    Entries of the neighbour tables (arp(7)) are counted over all namespaces together. Where they run out, connections
    time out at random. Twice what full hosts can have, all at once, is room enough.
    """
    entries = sum(len(site.hosts) * (len(site.hosts) + _PODS) for site in topology.sites)
    levels = {2: entries, 3: 2 * entries}
    return _INOTIFY | {
        _NEIGHBOURS.format(family=family, level=level): value
        for family in ("ipv4", "ipv6")
        for level, value in levels.items()
    }


def prepare(topology: Topology) -> None:
    """Raise the limits that are too low, and say which. The values of before are written down first."""
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
    """Undo `prepare` when no lab is left."""
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
    while succeeds("mountpoint", "-q", str(directory)):  # `ip netns add` mounts it over itself
        run("umount", str(directory))
    with suppress(OSError):  # somebody made a namespace meanwhile
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
