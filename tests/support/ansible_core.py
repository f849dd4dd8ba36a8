"""ansible-core from the wheelhouse, in a virtual environment made as the deployer makes its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab import wheelhouse
from tests.support.examples import TREE
from tools import cache

STANDIN = TREE / "lab" / "standin"


def virtual_environment(requirements: Path) -> Path:
    """Return the Python of an environment that has what the wheelhouse of these requirements has, and asked no index."""
    wheels = wheelhouse.ensure(requirements)

    def fill(target: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", target], check=True)
        pip = [f"{target}/bin/python", "-m", "pip", "install", "--quiet", "--no-index"]
        subprocess.run([*pip, f"--find-links={wheels}", f"--requirement={requirements}"], check=True)

    return cache.entry(f"playbook-venv/{wheels.name}", fill) / "bin" / "python"


@dataclass(frozen=True)
class Ansible:
    """Runs playbooks of one directory. The modules' own `python -m ansible`: the environment was renamed after its making."""

    python: Path
    directory: Path
    home: Path

    def __call__(self, playbook: str, inventory_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), "-m", "ansible", "playbook", "-i", str(inventory_file), *arguments, playbook]
        environment = {
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            # Kubespray's own setting is /tmp, for everybody
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.home / "facts"),
        }
        return subprocess.run(
            command, cwd=self.directory, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
