"""Health of hosts, as seen from the operator's place and from the machine."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lab import enter, host
from lab.cgroups import Cgroups
from lab.layout import Layout
from lab.supervisor import Run
from lab.topology import Host, Topology

_UP = ("running", "degraded")
_QUERY = "systemctl is-system-running; systemctl --failed --plain --no-legend --no-pager"
_TIMEOUT = 60.0


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
    ssh = "no forward"
    answer: list[str] | None = None
    if command := ssh_command(item, topology, layout):
        ssh, answer = _query([*command, _QUERY])
    if answer is None and (init := enter.init_of(directory)):
        _, answer = _query([*enter.host_command(init), "sh", "-c", _QUERY])
    state, *failed = answer or ["starting"]
    units = tuple(line.split()[0] for line in failed if line.strip())
    return Health(state, ssh, units, run.boots, _memory(item, cgroups))


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
    options = {
        "IdentityFile": str(layout.private_key),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(layout.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "HostKeyAlgorithms": "ssh-ed25519",
        "BatchMode": "yes",
        "ConnectTimeout": "3",
        "LogLevel": "ERROR",
        "Port": str(endpoint.port),
    }
    flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    return [*enter.netns_command(layout.operator_netns), "ssh", "-F", "/dev/null", *flags, f"root@{endpoint.address}"]


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
