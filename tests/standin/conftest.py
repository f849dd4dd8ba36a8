"""ansible-core from the wheelhouse, in a virtual environment made as the deployer makes its own; the program's own inventory."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from components.model.cluster.inventory import inventory, to_yaml
from components.model.cluster.variables import group_vars
from lab import wheelhouse
from tests.support.examples import TREE, example
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
            command, cwd=self.directory, env=environment, capture_output=True, text=True, check=False, timeout=300
        )


@pytest.fixture(scope="session")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    python = virtual_environment(STANDIN / "requirements.txt")
    return Ansible(python, STANDIN, tmp_path_factory.mktemp("home"))


@dataclass(frozen=True)
class Inventory:
    """Hosts and variables as the program renders them for the example, to be changed before they are written."""

    hosts: dict[str, dict[str, object]]
    groups: dict[str, list[str]]
    variables: dict[str, object]

    def write(self, directory: Path) -> Path:
        """Write hosts.yml and the variables of k8s_cluster; return hosts.yml."""
        children: dict[str, object] = {
            name: {"hosts": {member: {} for member in members}} for name, members in self.groups.items()
        }
        children["k8s_cluster"] = {"children": {"kube_control_plane": {}, "kube_node": {}}}
        data = {"all": {"hosts": self.hosts, "children": children}}
        (directory / "group_vars" / "k8s_cluster").mkdir(parents=True)
        (directory / "group_vars" / "k8s_cluster" / "main.yml").write_text(to_yaml(self.variables), encoding="utf-8")
        (directory / "hosts.yml").write_text(to_yaml(data), encoding="utf-8")
        return directory / "hosts.yml"


def _names(group: object) -> list[str]:
    assert isinstance(group, Mapping)
    return list(group["hosts"])


@pytest.fixture
def good() -> Inventory:
    spec = example()
    rendered = yaml.safe_load(to_yaml(inventory(spec)))["all"]
    children = rendered["children"]
    groups = {name: _names(children[name]) for name in ("kube_control_plane", "etcd", "kube_node")}
    return Inventory(rendered["hosts"], groups, dict(group_vars(spec)))
