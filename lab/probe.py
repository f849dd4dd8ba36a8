"""Health of hosts, as seen from the operator's place and from the machine."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lab import enter, host, ssh
from lab.cgroups import Cgroups
from lab.layout import Layout
from lab.supervisor import Run
from lab.topology import Host, Topology

_UP = ("running", "degraded")
_QUERY = "systemctl is-system-running; systemctl --failed --plain --no-legend --no-pager"
_TIMEOUT = 60.0
_MACHINE_CONNECTS = 30
"""Seconds until a machine's sshd answers; a busy emulated processor needs some."""


@dataclass(frozen=True)
class Health:
    """Health of one host.

    `state` is systemd's (running, degraded, starting ...), or one of `down`, `off` (it switched itself off), `absent`
    (never made), `unsupervised` (it runs, but no supervisor would boot it again).
    `ssh` is `yes`, `no forward` (behind NAT, by design), `-` (not tried), or the error message of ssh.
    `failed` are the names of failed units. `memory` is in bytes; None: unknown.
    """

    state: str
    ssh: str = "-"
    failed: tuple[str, ...] = ()
    boots: int = 0
    memory: int | None = None

    @property
    def up(self) -> bool:
        """Whether the host has booted and is reachable as far as its site allows."""
        return self.state in _UP and self.ssh in ("yes", "no forward")


def probe(item: Host, topology: Topology, layout: Layout, cgroups: Cgroups) -> Health:
    """Return the health of one host, after up to a minute if it does not answer."""
    directory = layout.host(item.short)
    run = Run.read(directory)
    if not cgroups.processes(host.supervisor_leaf(item)):
        if cgroups.processes(host.leaf(item)):
            return Health("unsupervised", boots=run.boots, memory=_memory(item, cgroups))
        state = "off" if run.exit_code == 0 else "down" if host.boot_file(directory).exists() else "absent"
        return Health(state, boots=run.boots)
    login = "no forward"
    answer: list[str] | None = None
    if command := ssh_command(item, topology, layout):
        login, answer = _query([*command, _QUERY])
    if answer is None and (command := enter.host_command(item, layout, ["sh", "-c", _QUERY])):
        _, answer = _query(command)
    state, *failed = answer or ["starting"]
    units = tuple(line.split()[0] for line in failed if line.strip())
    return Health(state, login, units, run.boots, _memory(item, cgroups))


def probe_all(topology: Topology, layout: Layout, cgroups: Cgroups) -> dict[str, Health]:
    """Return the health of all hosts, by full name, in the topology's order."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        healths = pool.map(lambda item: probe(item, topology, layout, cgroups), topology.hosts)
        return dict(zip((item.name for item in topology.hosts), healths, strict=True))


def ssh_command(item: Host, topology: Topology, layout: Layout) -> list[str] | None:
    """Return the command that reaches the host from the operator's place and verifies its key; None: no forward."""
    endpoint = topology.ssh(item)
    if endpoint is None:
        return None
    login = ssh.command(
        layout,
        f"root@{endpoint.address}",
        Port=str(endpoint.port),
        ConnectTimeout=str(_MACHINE_CONNECTS if item.machine else 3),
    )
    return [*enter.netns_command(layout.operator_netns), *login]


def _query(command: list[str]) -> tuple[str, list[str] | None]:
    """Run a command; return `yes` or its error message, and the lines of its output if there are any."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return "no answer", None
    if done.stdout.strip():
        return "yes", done.stdout.splitlines()
    complaint = done.stderr.strip().splitlines()
    return (complaint[-1] if complaint else "no answer"), None


def _memory(item: Host, cgroups: Cgroups) -> int | None:
    for top in cgroups.tops:
        for name in ("memory.usage_in_bytes", "memory.current"):  # cgroup v1, v2
            file: Path = top / host.leaf(item) / name
            if file.exists():
                return int(file.read_text(encoding="ascii"))
    return None
