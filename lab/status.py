"""The table that `python -m lab status` prints."""

from lab import record, wan
from lab.layout import Layout
from lab.probe import Health, probe_all
from lab.topology import Topology

_TITLES = ("HOST", "SITE", "SYSTEM", "STATE", "ADDRESS", "REACHED AT", "SSH", "BOOTS", "MEMORY")


def status(topology: Topology, layout: Layout) -> bool:
    """Print the state of the lab; return whether all of it is up."""
    known = record.read(layout)
    if known is None:
        print(f"the lab {layout.name} is down")
        return False
    healths = probe_all(topology, layout, known.directories)
    rows = [_TITLES]
    for item in topology.hosts:
        health = healths[item.name]
        ssh = topology.ssh(item)
        reached = str(ssh) if ssh else "-"
        addresses = ", ".join(map(str, item.addresses))
        place = (item.name, item.site, item.kind)
        rows.append((*place, _state(health), addresses, reached, health.ssh, *_numbers(health)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    relay = wan.running(known.directories)
    print(f"WAN relay: {'running' if relay else 'down'}; operator: {topology.operator}")
    return relay and all(health.up for health in healths.values())


def _state(health: Health) -> str:
    return f"{health.state} ({', '.join(health.failed)})" if health.failed else health.state


def _numbers(health: Health) -> tuple[str, str]:
    return str(health.boots), "-" if health.memory is None else f"{health.memory / 2**20:.0f} MiB"
