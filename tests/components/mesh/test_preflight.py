"""The preflight's command: requirements as its words, one script for all hosts."""

import shlex
from pathlib import Path

import pytest

from components.remote import host_files
from tests.support.examples import TREE, changed, configuration, with_workers
from tests.support.program import Registered, run_program
from tests.support.registered import COMMAND

Resources = dict[str, Registered]
FIRST, UVIC = "uchicago002.hl-lhc.io", "uvic001.hl-lhc.io"


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return run_program(configuration(), tmp_path_factory.mktemp("program"))


def words(resources: Resources, node: str) -> list[str]:
    """Return the words after `--`, without the digest of the membership."""
    line = shlex.split(str(resources[f"{COMMAND} mesh-{node}-preflight"].inputs["create"]))
    assert line[:5] == ["timeout", "120", "sh", "-s", "--"]
    assert line[5].startswith("members=")
    return line[6:]


def test_each_host_gets_its_own_requirements_and_all_get_one_script(resources: Resources) -> None:
    assert "tcp=2379,2380,6443,10250,10256,10257,10259" in words(resources, FIRST)
    assert "roles=worker" in words(resources, UVIC)
    preflights = [resource for name, resource in resources.items() if name.endswith("-preflight")]
    assert len(preflights) == 7
    assert {str(resource.inputs["stdin"]) for resource in preflights} == {host_files.preflight()}


def test_more_nodes_change_the_membership_only(resources: Resources, tmp_path: Path) -> None:
    more = run_program(with_workers(3), tmp_path)
    assert [words(more, node) for node in (FIRST, UVIC)] == [words(resources, node) for node in (FIRST, UVIC)]


def test_a_variable_of_one_host_checks_that_host_again_and_no_other(resources: Resources, tmp_path: Path) -> None:
    path = f"sites/uvic/nodes/{UVIC}/variables"
    other = run_program(changed(path, {"kubelet_fail_cgroup_v1": False}), tmp_path)
    different = {
        name
        for name, resource in resources.items()
        if name.endswith("-preflight") and other[name].inputs != resource.inputs
    }
    assert different == {f"{COMMAND} mesh-{UVIC}-preflight"}


def test_nothing_of_the_preflight_is_uploaded() -> None:
    """Root executes no file of ours on a host before every host was checked."""
    parts = {path.name for path in (TREE / "components/hosts/scripts/preflight").iterdir()}
    assert len(parts) > 5
    assert not parts & host_files.scripts("node").keys()


MESH_ALONE = """
import pulumi
from components import Mesh
from components.program.config import load

configuration = load(pulumi.Config())
declaration = configuration.declaration
Mesh("mesh", {"plan": declaration.plan, "deployer": declaration.deployer, "last": declaration.last, "kubernetes": False})
"""


def test_a_mesh_without_a_cluster_requires_nothing_of_kubernetes(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(MESH_ALONE, encoding="utf-8")
    alone = run_program(configuration(), tmp_path, program=program)
    assert words(alone, FIRST) == ["wireguard=51820", "mesh=192.168.0.0/24", "disk=200", "sshd=22"]
