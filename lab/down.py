"""Removal of a lab, complete or partial, without leftovers."""

import shutil
from pathlib import Path

from lab import host, machine, netns, record
from lab.cgroups import Cgroups
from lab.layout import NETNS_CONFIGURATION, Layout
from tools.progress import step


def down(layout: Layout) -> None:
    """End the lab's processes, remove its namespaces, cgroups, files and keys, and restore the machine's limits."""
    with record.locked(layout.lock):
        known = record.read(layout)
        if known is None:
            print(f"    there is no lab {layout.name}", flush=True)
        else:
            with step(f"take down the lab {layout.name}"):
                for short in layout.host_directories():
                    # The boot file goes first: a partly removed host must not look bootable.
                    host.boot_file(layout.host(short)).unlink(missing_ok=True)
                stop_all(known.directories)
                for name in netns.names(layout.netns_prefix):
                    netns.remove(name)
                shutil.rmtree(NETNS_CONFIGURATION / layout.operator_netns, ignore_errors=True)
                known.directories.remove()
                _remove(layout.access)
                _remove(layout.state)
        machine.restore()


def stop_all(groups: Cgroups) -> None:
    """Kill all processes of the lab, supervisors first, because they would boot their hosts again."""
    for leaf in groups.leaves():
        if leaf.startswith(host.SUPERVISOR_LEAVES):
            groups.kill(leaf)
    groups.kill()


def remove_host(short: str, layout: Layout, groups: Cgroups) -> None:
    """Stop a host and remove everything that belongs to it. Any part may be missing."""
    for leaf in (host.SUPERVISOR_LEAVES + short, host.HOST_LEAVES + short):
        groups.kill(leaf)
        groups.remove(leaf)
    directory = layout.host(short)
    file = host.boot_file(directory)
    if file.exists():
        host.Boot.read(file).cable.disconnect()
        file.unlink()  # first, because a partly removed host must not look bootable
    _remove(directory)


def _remove(directory: Path) -> None:
    # The record goes last, so that an interrupted removal can be resumed.
    if directory.exists():
        for path in sorted(directory.iterdir(), key=lambda path: path.name == record.FILE):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        directory.rmdir()
