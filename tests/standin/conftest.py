"""ansible-core for the stand-in's playbooks, and the inventory of the example."""

from collections.abc import Mapping

import pytest
import yaml

from components.model.cluster.inventory import inventory
from components.model.cluster.kubespray_variables import group_vars
from components.model.files.yaml_text import to_yaml
from tests.standin.inventory import Inventory
from tests.support.ansible_core import STANDIN, Ansible, virtual_environment
from tests.support.examples import example


@pytest.fixture(scope="session")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    python = virtual_environment(STANDIN / "requirements.txt")
    return Ansible(python, STANDIN, tmp_path_factory.mktemp("home"))


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
