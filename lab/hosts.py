"""All hosts of the lab: removal of those that left the topology, preparation of new ones, start of supervisors."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import host, process
from lab.cgroups import Cgroups
from lab.down import remove_host
from lab.errors import LabError
from lab.host import Boot
from lab.layout import TREE, Layout
from lab.supervisor import MODULE
from lab.topology import Host, Topology
from tools.progress import step


def remove_others(topology: Topology, layout: Layout, cgroups: Cgroups) -> None:
    """Remove the hosts that are no longer in the topology."""
    wanted = {item.short for item in topology.hosts}
    for short in layout.host_directories():
        if short not in wanted:
            print(f"    {short} is no longer in the topology: removed", flush=True)
            remove_host(short, layout, cgroups)


def prepare(
    topology: Topology, layout: Layout, cgroups: Cgroups, images: Mapping[Host, Path], mirror: Path | None
) -> None:
    """Make the disks of new hosts, and update the Boot of the others for their next boot. No disk is ever replaced.

    `images` is what each of them boots from, see `lab.images`.
    """
    fresh: list[tuple[Host, Boot]] = []
    for item in topology.hosts:
        file = host.boot_file(layout.host(item.short))
        old = Boot.read(file) if file.exists() else None
        plan = host.boot(item, topology, layout, cgroups, Path(old.image) if old else images[item], mirror)
        if old is None:
            fresh.append((item, plan))
        elif _fixed(old) != _fixed(plan):
            message = (
                f"the address or the system of {item.name} has changed since it was made: remove it from the topology "
                "and run `up`, which removes the host, then add it again; or run `python -m lab down` first"
            )
            raise LabError(message)
        elif old != plan:
            plan.write(file)
            print(f"    {item.short}: a change (such as another mirror) takes effect at its next boot", flush=True)
    if fresh:
        with step(f"disks and host keys of {len(fresh)} hosts"), ThreadPoolExecutor() as pool:
            list(pool.map(lambda pair: _prepare(pair[0], layout, pair[1], cgroups, mirror=mirror is not None), fresh))


def start(topology: Topology, layout: Layout, cgroups: Cgroups) -> Sequence[Host]:
    """Start the supervisor of every host without one; return these hosts."""
    idle = [item for item in topology.hosts if not cgroups.processes(host.supervisor_leaf(item))]
    for item in idle:
        if cgroups.processes(host.leaf(item)):
            print(f"    {item.short} has lost its supervisor: stopped, to be booted again", flush=True)
            cgroups.kill(host.leaf(item))
        directory = layout.host(item.short)
        process.start(
            [*MODULE, str(directory)],
            cgroups.make(host.supervisor_leaf(item)),
            log=directory / "supervisor.log",
            environment={"PYTHONPATH": str(TREE)},
        )
    return idle


def _fixed(plan: Boot) -> tuple[str, ...]:
    """Return what cannot change while the host has its disk."""
    return plan.cable.address, plan.cable.address6, plan.system


def _prepare(item: Host, layout: Layout, plan: Boot, cgroups: Cgroups, *, mirror: bool) -> None:
    remove_host(item.short, layout, cgroups)
    host.prepare(item, layout, plan, mirror=mirror)
