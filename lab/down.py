"""Removing a lab, whole or not, so that nothing is left of it."""

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
                    # First of all: a host that is half removed must not look like one that can be booted.
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
    """End everything that runs for the lab. Supervisors first, as they would boot their hosts again."""
    for leaf in groups.leaves():
        if leaf.startswith(host.SUPERVISOR_LEAVES):
            groups.kill(leaf)
    groups.kill()


def remove_host(short: str, layout: Layout, groups: Cgroups) -> None:
    """End a host and remove all that is its own. Nothing of it needs to be there."""
    for leaf in (host.SUPERVISOR_LEAVES + short, host.HOST_LEAVES + short):
        groups.kill(leaf)
        groups.remove(leaf)
    directory = layout.host(short)
    file = host.boot_file(directory)
    if file.exists():
        host.Boot.read(file).cable.disconnect()
        file.unlink()  # first of all: a host that is half removed must not look like one that can be booted
    _remove(directory)


def _remove(directory: Path) -> None:
    # The record is in there: it goes last, so that a removal which was interrupted can be taken up again.
    if directory.exists():
        for path in sorted(directory.iterdir(), key=lambda path: path.name == record.FILE):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        directory.rmdir()
