"""Removal: of a node's own only, as often as it is tried, from wherever an earlier try ended, and with true words."""

import shutil
from pathlib import Path

import pytest

from components.cluster.playbooks import deployer_files
from components.mesh.firewall import FIREWALL
from components.mesh.services import SERVICES
from components.remote import host_files
from components.remote.bundles import bundle
from components.remote.commands import Script
from tests.hosts.scripts.machine import KEY, NEEDS_ROOT, PREPARE, TUNNEL, Machine

pytestmark = NEEDS_ROOT

DEPLOY = Script("playbooks", "deploy.sh", limit=60)
SCRIPTS = (DEPLOY, SERVICES, FIREWALL, TUNNEL, PREPARE)
"""In the order in which Pulumi deletes: the last that was created is the first."""
FORMER = "former.example.org"
NOT_THERE = "is not there: nothing to remove\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A host with something of each script's."""
    machine = Machine(tmp_path / "a").make()
    assert machine.prepare().returncode == 0
    for kind, files in (
        ("services", host_files.scripts("services")),
        ("playbooks", deployer_files()),
        ("inventory", {"hosts.yml": b"x"}),
    ):
        found = bundle(kind, files)
        machine.upload(found)
        line = f"{found.take_over(machine.host(), machine.name)} && ln -s {found.name} {found.directory}/../current"
        assert machine.run(line).returncode == 0
    for path in ("stretched/services/services.conf", "stretched/firewall/facts", "units/stretched-watch.service",
                 "var/lib/stretched/inventory/hosts.yml", "var/lib/stretched/status"):  # fmt: skip
        file = machine.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    machine.stub("systemctl", "case $1 in is-active) exit 3 ;; show) echo 0 ;; esac")
    machine.stub("systemd-run", 'echo "$@" >>/var/lib/ran; echo 0 >/var/lib/stretched/status')
    machine.stub("ip", "exit 0")
    machine.stub("ss", "exit 0")
    machine.stub("wg", "exit 0")
    return machine


def files(machine: Machine) -> dict[str, bytes]:
    """What is on the host, without its locks and what units left in /run."""
    return {
        str(path.relative_to(machine.root)): path.read_bytes()
        for path in machine.root.rglob("*")
        if path.is_file() and not path.is_relative_to(machine.root / "bin")
    }


def remove(machine: Machine, script: Script, node: str | None = None) -> str:
    done = machine.run(script.line_for_delete(machine.host(), node or machine.name))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_removal_of_another_node_takes_nothing_and_says_so(machine: Machine) -> None:
    before = files(machine)
    for script in SCRIPTS:
        said = remove(machine, script, FORMER)
        assert said == f"this machine is the node {machine.name} now: nothing was removed for {FORMER}\n"
    assert files(machine) == before


def test_every_removal_can_be_repeated_and_says_what_it_did(machine: Machine) -> None:
    for script, said in (
        (DEPLOY, "Kubernetes was removed from all its nodes\n"),
        (SERVICES, "services: removed\n"),
        (FIREWALL, "firewall: removed\n"),
        (TUNNEL, "wg0: removed\n"),
        (PREPARE, "removed\n"),
    ):
        assert remove(machine, script).endswith(said)
        again = remove(machine, script)
        assert again.endswith(NOT_THERE if script.kind in ("playbooks", "services") or script is PREPARE else said)
    left = {path.name for path in (machine.root / "var/lib").iterdir()}
    assert left == {"ran"}, "what the stub of systemd-run noted"
    assert (machine.root / "var/lib/ran").read_text(encoding="utf-8").count("run.sh reset") == 1
    assert not (machine.root / "stretched").exists()
    assert KEY not in (machine.root / "root/.ssh/authorized_keys").read_text(encoding="utf-8")


def test_a_host_on_which_somebody_removed_our_directory_is_no_obstacle(machine: Machine) -> None:
    shutil.rmtree(machine.taken)
    for script in SCRIPTS:
        assert remove(machine, script).endswith(NOT_THERE)


DYING = """
n=$(cat /run/n 2>/dev/null || echo 0)
case "$*" in */var/lib/stretched-uploads*) n=$((n + 1)) ;; esac
echo $n >/run/n
[ $n != {stage} ] || {{ find "$2" -name lib.sh -delete; kill -9 $PPID; exit 1; }}
exec /bin/rm "$@"
"""
"""rm(1) of a host that is switched off: it has removed some of the files."""


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_an_interrupted_removal_of_the_uploads_can_be_repeated(machine: Machine, stage: int) -> None:
    machine.stub("rm", DYING.format(stage=stage))
    line = PREPARE.line_for_delete(machine.host(), machine.name)
    if machine.run(line).returncode == 0:
        assert stage == 3, "there are not so many of them"
    (machine.root / "bin/rm").unlink()
    remove(machine, PREPARE)
    assert machine.prepare().returncode == 0
    remove(machine, PREPARE)
    assert not list(machine.taken.parent.glob("stretched-uploads*"))


def test_an_interrupted_removal_of_the_watch_can_be_repeated(machine: Machine) -> None:
    """It had removed the scripts of the watch, not yet its unit."""
    assert not (machine.root / "stretched/watch.sh").exists()
    remove(machine, TUNNEL)
    assert not (machine.root / "units/stretched-watch.service").exists()


def test_without_an_installed_cluster_no_removal_of_one_is_reported(machine: Machine) -> None:
    shutil.rmtree(machine.root / "var/lib/stretched/inventory")
    assert remove(machine, DEPLOY) == "no Kubernetes was installed from this deployer: none was removed\n"
    assert not (machine.root / "var/lib/ran").exists()
    assert not (machine.root / "var/lib/stretched").exists()
