import re
from pathlib import Path

import pytest
import yaml

from lab import wheelhouse
from tests.standin.inventory import Inventory
from tests.support.ansible_core import STANDIN, Ansible

ENTRY_POINTS = ("cluster.yml", "scale.yml", "remove-node.yml", "upgrade-cluster.yml", "reset.yml")
PLAYBOOKS = sorted(
    path.relative_to(STANDIN).as_posix() for path in [*STANDIN.glob("*.yml"), *STANDIN.glob("playbooks/*.yml")]
)


def test_it_has_kubesprays_entry_points() -> None:
    assert {*ENTRY_POINTS, "playbooks/facts.yml", "playbooks/boilerplate.yml"} <= set(PLAYBOOKS)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_play_says_that_it_is_a_stand_in(playbook: str) -> None:
    plays = yaml.safe_load((STANDIN / playbook).read_text(encoding="utf-8"))
    assert plays
    assert [play["name"] for play in plays if not play["name"].startswith("stand-in for Kubespray: ")] == []


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_ansible_accepts_the_syntax(ansible: Ansible, good: Inventory, tmp_path: Path, playbook: str) -> None:
    result = ansible(playbook, good.write(tmp_path), "--syntax-check")
    assert result.returncode == 0, result.stderr


def test_a_syntax_error_would_be_found(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("- hosts: all\n  tusks: []\n", encoding="utf-8")
    assert ansible(str(broken), good.write(tmp_path), "--syntax-check").returncode != 0


def test_only_modules_that_ansible_core_brings_are_used() -> None:
    # every module is written with its collection: anything.else.module would need a package that the wheelhouse lacks
    names: set[str] = set()
    for path in STANDIN.rglob("*.yml"):
        names |= set(re.findall(r"^\s+([a-z_]+\.[a-z_]+)\.[a-z_]+:", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert names == {"ansible.builtin"}


def test_host_keys_are_checked() -> None:
    text = (STANDIN / "ansible.cfg").read_text(encoding="utf-8")
    assert not re.search(r"^\s*host_key_checking|StrictHostKeyChecking|UserKnownHostsFile", text, re.MULTILINE)


def test_every_package_is_pinned_and_nothing_else_is_needed() -> None:
    def plain(name: str) -> str:
        return name.lower().replace("_", "-")

    lines = (STANDIN / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    wheels = [path.name.split("-") for path in wheelhouse.ensure(STANDIN / "requirements.txt").glob("*.whl")]
    assert {plain(wheel[0]): wheel[1] for wheel in wheels} == {plain(name): version for name, version in pins.items()}


@pytest.mark.parametrize(
    ("playbook", "variables", "message"),
    [
        ("reset.yml", {}, "reset_confirmation"),
        ("reset.yml", {"skip_confirmation": "true"}, "reset_confirmation"),
        ("remove-node.yml", {}, "No nodes are named"),
        ("remove-node.yml", {"node": "uvic001.hl-lhc.io"}, "skip_confirmation"),
    ],
)
def test_nothing_is_removed_without_a_confirmation(
    ansible: Ansible, good: Inventory, tmp_path: Path, playbook: str, variables: dict[str, str], message: str
) -> None:
    extra = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    result = ansible(playbook, good.write(tmp_path), *extra)
    assert result.returncode == 2
    assert message in result.stdout
    assert "UNREACHABLE" not in result.stdout  # no host was asked


def test_an_unknown_node_is_passed_over(ansible: Ansible, good: Inventory, tmp_path: Path) -> None:
    # as Kubespray does, which is why the program must check names itself
    result = ansible("remove-node.yml", good.write(tmp_path), "-e", "node=nobody", "-e", "skip_confirmation=true")
    assert result.returncode == 0, result.stdout
    assert "no hosts matched" in result.stdout
