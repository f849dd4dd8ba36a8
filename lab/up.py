"""Creation of a lab, or completion of a partial one."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lab import access, cgroups, hosts, images, machine, mirror, network, record, wan
from lab.cgroups import Cgroups
from lab.down import stop_all
from lab.emulated import mirror_disk
from lab.errors import LabError
from lab.layout import TREE, Layout
from lab.probe import Health, probe_all
from lab.record import Record
from lab.topology import Host, Topology
from tools import debian
from tools.progress import step

_TOOLS = (
    "iproute2",
    "nftables",
    "openssh-client",
    "iputils-ping",
    "procps",
    "systemd-container",
    "tcpdump",
    "util-linux",
)
_BOOT_SECONDS = 600.0
_POLL_SECONDS = 0.2


def up(topology: Topology, layout: Layout, artifacts: Path | None) -> None:
    """Boot every host and wait until all are reachable. This is harmless, and quick, when they are already.

    `artifacts` is a mirror directory of the cache, which hosts see at /opt/mirror. Raises LabError or ToolError.
    """
    debian.ensure(_TOOLS)
    made = images.ensure(topology)
    wan.program()
    with record.locked(layout.lock):
        known = record.read(layout) or Record(str(TREE), tuple(map(str, cgroups.plan(layout.name).tops)))
        mounted = layout.mirror if artifacts else None
        known = replace(known, tree=str(TREE), mirror=str(mounted) if mounted else None)
        known.write(layout)
        if artifacts:
            mirror.add(layout, artifacts)
            if any(item.machine for item in topology.hosts):
                mirror_disk.ensure(layout.mirror)
        machine.prepare(topology)
        _network(topology, layout, known)
        network.set_path_mtus(topology, layout)
        with step("WAN: relay between the places"):
            wan.ensure(topology, layout, known.directories)
        access.make(layout)
        network.configure_operator(topology, layout)
        hosts.remove_others(topology, layout, known.directories)
        hosts.prepare(topology, layout, known.directories, made, mounted)
        access.write_known_hosts(topology, layout)
        started = hosts.start(topology, layout, known.directories)
        title = f"boot of {len(started)} hosts" if started else "hosts: all are running, checking each"
        with step(title, expect=_duration(started)):
            _await(topology, layout, known.directories)


def _network(topology: Topology, layout: Layout, known: Record) -> None:
    wanted = network.fingerprint(topology, layout)
    if known.network == wanted and network.complete(topology, layout):
        return
    if known.network not in ("", wanted):
        message = (
            f"the sites or the operator in the topology file of {layout.name} have changed since the lab was made: "
            "run `python -m lab down` first. (Hosts and the WAN's paths can be changed while it is up.)"
        )
        raise LabError(message)
    with step(f"network: {len(topology.sites)} sites with routers, the operator's place"):
        stop_all(known.directories)
        network.make(topology, layout)
        replace(known, network=wanted).write(layout)


def _await(topology: Topology, layout: Layout, groups: Cgroups) -> None:
    deadline = time.monotonic() + _BOOT_SECONDS
    healths = probe_all(topology, layout, groups)
    while not all(health.up for health in healths.values()):
        for name, health in healths.items():
            if health.state in ("down", "off"):
                message = f"{name} ended while it booted:\n{_tail(layout.host(name.partition('.')[0]))}"
                raise LabError(message)
        if time.monotonic() > deadline:
            lines = [f"  {name}: {h.state}, SSH: {h.ssh}" for name, h in healths.items() if not h.up]
            message = "\n".join([f"not up after {_BOOT_SECONDS:.0f} s:", *lines])
            raise LabError(message)
        time.sleep(_POLL_SECONDS)
        healths = probe_all(topology, layout, groups)
    _print_degraded(healths)


def _duration(started: Sequence[Host]) -> str:
    """Return how long a boot of these hosts takes, in words."""
    if any(item.machine for item in started):
        return "half a minute, on a busy machine some minutes"
    return "about 10 s" if started else ""


def _print_degraded(healths: dict[str, Health]) -> None:
    for name, health in healths.items():
        if health.failed:
            print(f"    {name} is degraded: failed units: {', '.join(health.failed)}", flush=True)


def _tail(directory: Path) -> str:
    lines = [
        f"  {log.name}: {line}"
        for log in (directory / "supervisor.log", directory / "console.log")
        if log.exists()
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
    ]
    return "\n".join(lines)
