"""Making a lab, or finishing what is there of it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lab import access, cgroups, host, machine, network, process, record, rootfilesystem, wan
from lab.cgroups import Cgroups
from lab.down import remove_host, stop_all
from lab.errors import LabError
from lab.layout import TREE, Layout
from lab.probe import Health, probe_all
from lab.record import Record
from lab.supervisor import MODULE
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
_BOOT_SECONDS = 180.0
_POLL_SECONDS = 0.2


def up(topology: Topology, layout: Layout, mirror: Path | None) -> None:
    """Have every host booted and reachable. Harmless and quick when that is so already.

    `mirror` is what hosts see at /opt/mirror. Raises LabError or ToolError.
    """
    debian.ensure(_TOOLS)
    image = rootfilesystem.ensure()
    wan.program()
    with record.locked(layout.lock):
        known = record.read(layout) or Record(str(TREE), tuple(map(str, cgroups.plan(layout.name).tops)))
        known = replace(known, tree=str(TREE), mirror=str(mirror) if mirror else None)
        known.write(layout)
        machine.prepare(topology)
        _network(topology, layout, known)
        with step("WAN: relay between the places"):
            wan.ensure(topology, layout, known.directories)
        started = _hosts(topology, layout, known.directories, image, mirror)
        title = f"boot of {len(started)} hosts" if started else "hosts: all run already, looking at each"
        with step(title, expect="about 10 s" if started else ""):
            _await(topology, layout, known.directories)


def _network(topology: Topology, layout: Layout, known: Record) -> None:
    wanted = network.fingerprint(topology, layout)
    if known.network == wanted and network.complete(topology, layout):
        return
    if known.network not in ("", wanted):
        message = (
            f"the lab {layout.name} is up with other sites or another operator than its topology file has now: "
            "run `python -m lab down` first. (Hosts and the WAN's paths can be changed while it is up.)"
        )
        raise LabError(message)
    with step(f"network: {len(topology.sites)} sites with routers, the operator's place"):
        stop_all(known.directories)
        network.make(topology, layout)
        replace(known, network=wanted).write(layout)


def _hosts(topology: Topology, layout: Layout, groups: Cgroups, image: Path, mirror: Path | None) -> Sequence[Host]:
    """Start the supervisor of every host that has none; return those hosts."""
    access.make(layout)
    network.configure_operator(topology, layout)
    wanted = {item.short for item in topology.hosts}
    for short in layout.host_directories():
        if short not in wanted:
            print(f"    {short} is not in the topology any more: removed", flush=True)
            remove_host(short, layout, groups)
    fresh, idle = [], []
    for item in topology.hosts:
        file = host.boot_file(layout.host(item.short))
        old = host.Boot.read(file) if file.exists() else None
        how = host.boot(item, topology, layout, groups, Path(old.image) if old else image, mirror)
        if old is None:
            fresh.append((item, how))
        elif old.cable.address != how.cable.address:
            message = (
                f"{item.name} has another address than when it was made: take it out of the topology and run `up`, "
                "which removes it, then put it in again; or run `python -m lab down` first"
            )
            raise LabError(message)
        elif old != how:
            how.write(file)
            print(f"    {item.short}: the change (such as another mirror) comes with its next boot", flush=True)
        if not groups.processes(host.supervisor_leaf(item)):
            idle.append(item)
    if fresh:
        with step(f"disks and host keys of {len(fresh)} hosts"), ThreadPoolExecutor() as pool:
            list(pool.map(lambda pair: _prepare(pair[0], layout, pair[1], groups), fresh))
    access.write_known_hosts(topology, layout)
    started = list(dict.fromkeys([*idle, *(item for item, _ in fresh)]))
    for item in started:
        # Its supervisor was killed: systemd-nspawn died with it, the rest of the host may be about to.
        groups.kill(host.leaf(item))
        directory = layout.host(item.short)
        process.start(
            [*MODULE, str(directory)],
            groups.make(host.supervisor_leaf(item)),
            log=directory / "supervisor.log",
            environment={"PYTHONPATH": str(TREE)},
        )
    return started


def _prepare(item: Host, layout: Layout, how: host.Boot, groups: Cgroups) -> None:
    remove_host(item.short, layout, groups)
    host.prepare(item, layout, how)


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
    _tell_degraded(healths)


def _tell_degraded(healths: dict[str, Health]) -> None:
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
