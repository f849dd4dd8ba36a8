"""Ansible over a WAN of 20 ms: our settings beside Kubespray's own, and beside a floor, in one run.

floor  the same number of steps by ssh alone: one kept connection to each host, all hosts at once, `true` for a step
peer   Kubespray's ansible.cfg
ours   components/hosts/scripts/deployer/ansible.sh
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from lab.layout import Layout
from lab.topology_file import load
from tests.support.ansible_core import STANDIN, virtual_environment
from tests.support.examples import TREE

HERE = Path(__file__).parent / "ansible"
TOPOLOGY = HERE / "topology.yaml"
STEPS = 10
ROUNDS = 3


def _lab(*words: str) -> None:
    command = [sys.executable, "-m", "lab", "--topology", str(TOPOLOGY), *words]
    subprocess.run(command, cwd=TREE, check=True, stdout=subprocess.DEVNULL)


def _seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


class Bench:
    """Runs the three ways on the lab's hosts, from the operator's place."""

    def __init__(self, scratch: Path) -> None:
        topology = load(TOPOLOGY)
        layout = Layout(topology.name)
        self.hosts = {host.name: str(host.address) for host in topology.hosts}
        self._scratch = scratch
        self._python = virtual_environment(STANDIN / "requirements.txt")
        self._inside = ["ip", "netns", "exec", layout.operator_netns]
        state = scratch / "state"
        (state / "next").mkdir(parents=True)
        (state / "id_ed25519").write_bytes(layout.private_key.read_bytes())
        (state / "id_ed25519").chmod(0o600)
        (state / "next" / "known_hosts").write_bytes(layout.known_hosts.read_bytes())
        entries = {
            name: {"ansible_host": address, "ansible_python_interpreter": "/usr/bin/python3"}
            for name, address in self.hosts.items()
        }
        (scratch / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": entries}}), encoding="utf-8")

    def _ansible(self, prefix: list[str], environment: dict[str, str]) -> None:
        """Run the playbook with connections, facts and files of its own."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as home:
            own = {
                "PATH": os.environ["PATH"],
                "HOME": home,
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{home}/cp",
            }
            command = [
                str(self._python),
                "-m",
                "ansible",
                "playbook",
                "-u",
                "root",
                "-i",
                str(self._scratch / "hosts.yml"),
            ]
            command += [str(HERE / "playbook.yml")]
            output = Path(home, "output")
            with output.open("w", encoding="utf-8") as out:  # a pipe would stay open as long as ssh keeps connections
                status = subprocess.run(
                    [*self._inside, *prefix, *command],
                    cwd=home,
                    env={**own, **environment},
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    check=False,
                ).returncode
            if status:
                sys.exit(output.read_text(encoding="utf-8")[-2000:])
            for control in Path(home, "cp").glob("*"):  # the next round makes its connections anew
                subprocess.run(["ssh", "-q", "-O", "exit", "-S", str(control), "host"], check=True, capture_output=True)

    def ours(self) -> None:
        """Ansible with the deployer's settings."""
        script = f'state={self._scratch}/state; . {TREE}/components/hosts/scripts/deployer/ansible.sh; exec "$@"'
        self._ansible(["sh", "-c", script, "sh"], {})

    def peer(self) -> None:
        """Ansible with Kubespray's settings."""
        environment = {
            "ANSIBLE_CONFIG": str(HERE / "peer.cfg"),
            "ANSIBLE_PRIVATE_KEY_FILE": str(self._scratch / "state" / "id_ed25519"),
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": tempfile.mkdtemp(dir=self._scratch),
        }
        self._ansible([], environment)

    def floor(self) -> None:
        """STEPS times `true` on every host, by one connection each."""
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(self._steps, self.hosts.values()))

    def _steps(self, host: str) -> None:
        key, known = self._scratch / "state" / "id_ed25519", self._scratch / "state" / "next" / "known_hosts"
        ssh = ["ssh", "-q", "-i", str(key), "-o", f"UserKnownHostsFile={known}", "-o", "ControlMaster=auto"]
        ssh += ["-o", f"ControlPath={self._scratch}/%C", "-o", "ControlPersist=60", f"root@{host}"]
        for _ in range(STEPS):
            subprocess.run([*self._inside, *ssh, "true"], check=True)
        subprocess.run([*self._inside, *ssh[:-1], "-O", "exit", ssh[-1]], check=True, capture_output=True)


def main() -> None:
    """Print the table."""
    _lab("up")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            bench = Bench(Path(scratch))
            print(
                f"Ansible, {STEPS} steps on {len(bench.hosts)} hosts 20 ms away, seconds, median of {ROUNDS}; "
                f"load average {os.getloadavg()[0]:.1f}"
            )
            print(f"{'floor':>8} {'peer':>8} {'ours':>8}", flush=True)
            times = [
                statistics.median(_seconds(way) for _ in range(ROUNDS)) for way in (bench.floor, bench.peer, bench.ours)
            ]
            print(" ".join(f"{seconds:>8.1f}" for seconds in times), flush=True)
    finally:
        _lab("down")
