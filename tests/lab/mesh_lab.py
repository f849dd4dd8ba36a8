"""A lab of a topology file of its own, with a stack of the mesh alone: the program is tests/lab/mesh."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import yaml

from lab.layout import Layout
from lab.topology_file import load
from tests.lab.claim import claimed
from tests.lab.place import PING_UNTIL_ANSWERED
from tests.support.examples import TREE

IN_A_LAB = {"kubelet_fail_cgroup_v1": False, "upstream_dns_servers": ["192.0.2.53"]}
"""Kubespray's variables where hosts have the machine's cgroups, and no name server."""


def with_real_keys(config: dict[str, object]) -> dict[str, object]:
    """Return a configuration without its examples of host keys: the lab's known_hosts has the hosts' own."""
    sites = config["sites"]
    assert isinstance(sites, dict)
    for site in sites.values():
        for node in site["nodes"].values():
            del node["ssh"]["hostKey"]
            if not node["ssh"]:
                del node["ssh"]
    return config


class MeshLab:
    """The lab, and its stack once `begin` was called."""

    def __init__(self, file: Path) -> None:
        """`file` is the topology."""
        self.file = file
        self.layout = Layout(load(file).name)

    def words(self, *words: str) -> list[str]:
        """Return the words that run `python -m lab` for this lab, in this tree."""
        return [sys.executable, "-m", "lab", "--topology", str(self.file), *words]

    def lab(self, *words: str, check: bool = True, cwd: Path = TREE) -> subprocess.CompletedProcess[str]:
        """Run `python -m lab` for this lab; both streams come as one text."""
        done = subprocess.run(
            self.words(*words),
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}"
        return done

    def sh(self, host: str, script: str, *, check: bool = True) -> str:
        """Run a script as root on a host and return what it printed."""
        return self.lab("exec", host, "--", "sh", "-euc", script, check=check).stdout.strip()

    def pings(self, host: str, address: str) -> bool:
        """Tell whether one ping is answered within two seconds. That one is not proves little: see `reaches`."""
        return self.lab("exec", host, "--", "ping", "-q", "-c1", "-W2", address, check=False).returncode == 0

    def reaches(self, host: str, *addresses: str) -> None:
        """Await that a host gets an answer to a ping of each address. Handshakes that collide come again after 5 seconds."""
        each = f"for address in {' '.join(addresses)}; do {PING_UNTIL_ANSWERED}; done"
        self.sh(host, each.replace("ADDRESS", "$address"))

    def everywhere(self, hosts: Iterable[str], script: str) -> dict[str, str]:
        """Run a script as root on several hosts at once; return what each printed."""
        names = list(hosts)
        with ThreadPoolExecutor() as pool:
            return dict(zip(names, pool.map(lambda host: self.sh(host, script), names), strict=True))

    def scan(self, place: str, kind: str, address: str, *ports: int) -> set[int]:
        """Scan an address from a place by tests/lab/scan.py; return the ports that take a connection, none for `udp`."""
        program = (TREE / "tests/lab/scan.py").read_text(encoding="utf-8")
        words = ("exec", place, "--", "/usr/bin/python3", "-c", program, kind, address, *map(str, ports))
        return set(map(int, self.lab(*words).stdout.split()))

    def begin(self, directory: Path) -> None:
        """Make the stack in a new directory."""
        self.directory = directory
        self.stack = self.layout.name
        shutil.copytree(TREE / "tests/lab/mesh", directory)
        self.pulumi("stack", "init", self.stack)
        self.salt = yaml.safe_load(self._configuration.read_text(encoding="utf-8"))

    @property
    def _configuration(self) -> Path:
        return self.directory / f"Pulumi.{self.stack}.yaml"

    def write(self, config: dict[str, object], drained_from: str, draining: str = "true") -> None:
        """Write the stack's configuration. `draining` runs on a host where Kubespray would run elsewhere."""
        access = {"privateKeyFile": str(self.layout.private_key), "knownHostsFile": str(self.layout.known_hosts)}
        values = {"protect": False, **config, "ssh": access, "drainedFrom": drained_from, "draining": draining}
        whole = {**self.salt, "config": {f"stretched:{name}": value for name, value in values.items()}}
        self._configuration.write_text(yaml.safe_dump(whole), encoding="utf-8")

    def pulumi(self, *words: str) -> str:
        return self.lab("run", "pulumi", *words, "--non-interactive", cwd=self.directory).stdout

    def up(self) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", self.stack)

    def destroy(self) -> str:
        return self.pulumi("destroy", "--yes", "--skip-preview", "--stack", self.stack)

    @contextmanager
    def standing(self, directory: Path) -> Iterator["MeshLab"]:
        """Make the lab and an empty stack; `directory` must not be there. The lab is taken down in the end."""
        with claimed(self.file) as somebodys:
            assert not somebodys, f"a lab `{self.layout.name}` is up already, made by somebody else"
            self.lab("up")
            self.begin(directory)
            yield self
