"""converge.py STATE DECLARED PLAYBOOKS: runs the playbooks that are needed, one after another.

STATE is the directory with the applied state and with the inventory of all members; DECLARED is the uploaded inventory;
PLAYBOOKS is the directory of Kubespray. The state is written before and after every step, so that the next run
finishes an interrupted step.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from components.hosts.deployer.progress import Progress
from components.hosts.deployer.secret_files import SecretFiles
from components.model.convergence.refusals import refusals
from components.model.convergence.state import CONTROL_PLANE, ETCD, State, from_data, to_data
from components.model.convergence.steps import (
    CLUSTER,
    INSTALL,
    LABEL,
    REMOVE,
    RESET,
    SCALE,
    UPGRADE,
    Step,
    begin,
    end,
    plan,
    relabelled,
)

OWN = Path(__file__).parent
EVERYWHERE = (INSTALL, CLUSTER, SCALE, UPGRADE)
"""Kinds of steps whose playbooks log in to every node."""
GROUPS = {"kube_control_plane": CONTROL_PLANE, "etcd": ETCD}


class RunFailedError(Exception):
    """A playbook ended with a status other than 0, or the change is refused; the progress file has the details."""


class Deployer:
    """Runs playbooks from one directory and keeps the applied state in another."""

    def __init__(self, state: Path, playbooks: Path, progress: Progress) -> None:
        self._state = state
        self.secrets = SecretFiles(state)
        self.inventory = state / "inventory"
        self.next = state / "next"
        self._before = state / "before"
        self._file = state / "applied.json"
        self._playbooks = playbooks
        self._progress = progress

    def known(self) -> State | None:
        """Return the state that the last run wrote; None before the first run."""
        if not self._file.exists():
            return None
        return from_data(json.loads(self._file.read_text(encoding="utf-8")))

    def write_down(self, state: State) -> None:
        """Replace the state atomically."""
        new = self._file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as out:
            json.dump(to_data(state), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        new.replace(self._file)

    def adopt(self, name: str) -> None:
        """Take over the state of an earlier deployer; do nothing if no node was one. `name` is this deployer."""
        adopted = self._state / "adopted"
        adopted.unlink(missing_ok=True)
        variables = {"deployer": name, "adopted": str(adopted)}
        self.play(str(OWN / "adopt.yml"), self.next, variables=variables)
        if not adopted.exists():
            return
        taken = self._state / "taken"
        shutil.rmtree(taken, ignore_errors=True)
        taken.mkdir()
        # tar, because Python's tarfile in Debian 12 cannot extract safely.
        subprocess.run(["tar", "-xz", "-C", taken], input=base64.b64decode(adopted.read_bytes()), check=True)
        adopted.unlink()
        # The state file moves last: once it is here, no other node is searched for a state again.
        for path in sorted(taken.iterdir(), key=lambda path: path.name == self._file.name):
            shutil.rmtree(self._state / path.name, ignore_errors=True)
            path.replace(self._state / path.name)
        taken.rmdir()
        self._progress.tell("took over from the earlier deployer")

    def relieve(self, name: str) -> None:
        """Remove the state from the earlier deployer, which would use it if it became the deployer again."""
        self.play(str(OWN / "hand_over.yml"), self.next, variables={"deployer": name})

    def stage(self, declared_inventory: Path, applied: State | None, declared: State) -> None:
        """Prepare the declared inventory as the next one, with the groups in the order of the existing cluster."""
        if self._before.exists() and not self.inventory.exists():
            self._before.rename(self.inventory)  # take_over was interrupted
        shutil.rmtree(self.next, ignore_errors=True)
        shutil.copytree(declared_inventory, self.next)
        names = (applied or declared).wants(declared)
        groups: dict[str, dict[str, dict[str, dict[str, object]]]] = {
            group: {"hosts": {name: {} for name in names if role in _roles(declared, name)}}
            for group, role in GROUPS.items()
        }
        (self.next / "order.json").write_text(json.dumps({"all": {"children": groups}}, indent=1), encoding="utf-8")

    def take_over(self) -> None:
        """Put the staged inventory in force."""
        if self.next.exists():
            shutil.rmtree(self._before, ignore_errors=True)
            if self.inventory.exists():
                self.inventory.rename(self._before)
            self.next.rename(self.inventory)

    def play(self, playbook: str, inventory: Path, *words: str, variables: Mapping[str, object] | None = None) -> None:
        """Run a playbook; `words` are further arguments of ansible-playbook. Raises RunFailedError if it fails."""
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-b"]
        command += ["-i", str(inventory / "order.json"), "-i", str(inventory / "hosts.yml"), *words]
        if variables:
            command += ["-e", json.dumps(variables)]
        command += ["-e", f"@{self.secrets.now}"]
        self._progress.tell(f"{Path(playbook).name} {' '.join(words)}".rstrip())
        status = subprocess.run(
            [*command, playbook], cwd=self._playbooks, stdin=subprocess.DEVNULL, check=False
        ).returncode
        if status:
            message = f"{Path(playbook).name} ended with status {status}"
            raise RunFailedError(message)

    def log_in(self) -> None:
        """Log in to every declared node over wg0, and compare clocks. Changes nothing."""
        self.play(str(OWN / "logins.yml"), self.next, variables={"began": int(time.time())})

    def remove(self, nodes: Sequence[str], half_made: Collection[str]) -> None:
        """Remove nodes from the cluster and Kubernetes from them; `half_made` are those that did not finish joining."""
        variables: dict[str, object] = {"node": ",".join(nodes), "skip_confirmation": True}
        try:
            self.play("remove-node.yml", self.inventory, variables=variables)
        except RunFailedError:
            if not half_made:
                raise
            self._progress.tell(
                f"Kubespray cannot reset {', '.join(nodes)}: "
                f"the join of {', '.join(sorted(half_made))} was not completed. "
                "The nodes are only removed from the cluster; the files of Kubespray stay on them"
            )
            without_reset = {**variables, "reset_nodes": False, "allow_ungraceful_removal": True}
            self.play("remove-node.yml", self.inventory, variables=without_reset)
        # remove-node.yml also succeeds for a name that it does not know, so check that the cluster has no such node.
        self.play(str(OWN / "members.yml"), self.inventory, variables={"absent": list(nodes)})

    def run(self, step: Step, applied: State, declared: State) -> None:
        """Run the playbooks of one step; `applied` is what `begin` returned."""
        if step.kind == REMOVE:
            self.remove(step.nodes, applied.half_made & set(step.nodes))
            return
        if step.kind == RESET:
            limit = f"--limit={','.join(step.nodes)}"
            self.play("reset.yml", self.inventory, limit, variables={"reset_confirmation": "yes"})
            return
        version = {"kube_version": step.version} if step.version != declared.version else {}
        if step.kind == SCALE:
            self.play("playbooks/facts.yml", self.inventory)
            self.play("scale.yml", self.inventory, f"--limit={','.join(step.nodes)}", variables=version)
        elif step.kind == UPGRADE:
            self.play("upgrade-cluster.yml", self.inventory)
        elif step.kind == LABEL:
            self.play(str(OWN / "members.yml"), self.inventory, variables={"changes": relabelled(applied, declared)})
        elif step.kind in (INSTALL, CLUSTER):
            self.play("cluster.yml", self.inventory, variables=version)
            if step.kind == CLUSTER:
                self.play(str(OWN / "control_plane.yml"), self.inventory, variables=version)


def _roles(state: State, name: str) -> tuple[str, ...]:
    return state.members[name].roles if name in state.members else ()


def converge(deployer: Deployer, declared_inventory: Path, progress: Progress) -> None:
    """Bring the cluster to the declared state. Raises RunFailedError; the state file keeps the steps done so far."""
    declared = from_data(json.loads((declared_inventory / "declared.json").read_text(encoding="utf-8")))
    applied = deployer.known()
    deployer.secrets.take()
    deployer.stage(declared_inventory, applied, declared)
    tried = applied is None
    if tried:
        deployer.play("playbooks/boilerplate.yml", deployer.next)
        deployer.log_in()
        deployer.adopt(declared.deployer)
        applied = deployer.known()
        deployer.stage(declared_inventory, applied, declared)
    if applied is not None and applied.deployer != declared.deployer:
        deployer.relieve(declared.deployer)
        applied = replace(applied, deployer=declared.deployer)
        deployer.write_down(applied)
    problems = refusals(applied, declared)
    if problems:
        raise RunFailedError("\n".join(["the change is refused:", *(f"  - {problem}" for problem in problems)]))
    steps = plan(applied, declared, deployer.secrets.changed())
    if steps:
        progress.tell("steps: " + "; ".join(map(str, steps)))
        deployer.play("playbooks/boilerplate.yml", deployer.next)
    if not tried and any(step.kind in EVERYWHERE for step in steps):
        deployer.log_in()
    for step in steps:
        if step.kind not in (REMOVE, RESET):
            deployer.take_over()
        progress.tell(f"==> {step}")
        applied = begin(applied, step, declared)
        deployer.write_down(applied)
        deployer.run(step, applied, declared)
        applied = end(applied, step, declared)
        if step.kind in (INSTALL, CLUSTER, UPGRADE):
            deployer.secrets.keep()
        deployer.write_down(applied)
    deployer.take_over()
    if applied is not None:
        deployer.write_down(replace(applied, first=declared.first))
    progress.tell("converged" if steps else "the cluster is as declared: no playbook to run")


def main() -> int:
    """Return 0 when the cluster is as declared."""
    state, declared_inventory, playbooks = map(Path, sys.argv[1:4])
    progress = Progress.from_environment()
    try:
        converge(Deployer(state, playbooks, progress), declared_inventory, progress)
    except RunFailedError as error:
        progress.tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
