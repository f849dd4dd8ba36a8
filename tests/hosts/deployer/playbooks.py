"""Playbooks run by the deployer's real ansible-core on hosts that are this machine, each with a directory of its own."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Played:
    """One ansible-playbook from its beginning to its end. `progress` is without times."""

    status: int
    progress: tuple[str, ...]
    failures: str
    output: str


@dataclass(frozen=True)
class Stage:
    """Hosts without a machine: `connection: local`; programs of theirs are stubs in `programs`."""

    root: Path
    python: Path
    uploaded: Path
    groups: Mapping[str, list[str]]
    host_variables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def programs(self) -> Path:
        return self.root / "bin"

    @property
    def progress(self) -> Path:
        return self.root / "progress"

    def own(self, playbook: str) -> Path:
        """Return a playbook of ours as it is uploaded."""
        return self.uploaded / "components" / "hosts" / "deployer" / playbook

    def stub(self, program: str, text: str) -> None:
        """Make a program that notes its words in `ran`, then does what the shell text says."""
        self.programs.mkdir(exist_ok=True)
        file = self.programs / program
        note = f"printf '%s\\n' \"{program} $*\" >>'{self.root}/ran'"
        file.write_text(f"#!/bin/sh\n{note}\n{text}\n", encoding="utf-8")
        file.chmod(0o755)

    @property
    def ran(self) -> list[str]:
        """The words of the programs that ran, since the last look."""
        file = self.root / "ran"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        file.write_text("", encoding="utf-8")
        return lines

    def run(self, word: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible, in the environment that run.sh makes as far as it matters here."""
        callback = self.root / "callback"
        environment = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(self.uploaded),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_CALLBACK_PLUGINS": str(callback if callback.exists() else self.own("callback")),
            "ANSIBLE_CALLBACKS_ENABLED": "stretched",
            "STRETCHED_PROGRESS": str(self.progress),
            "STRETCHED_STARTED": "0",
            "STRETCHED_FAILURES": str(self.root / "failures"),
        }
        return subprocess.run(
            [self.python, "-m", "ansible", word, *words],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def play(self, playbook: Path, *words: str, **variables: object) -> Played:
        """Run a playbook on this stage's hosts."""
        here = {"ansible_connection": "local", "ansible_python_interpreter": str(self.python)}
        hosts = {name: {**here, **self.host_variables.get(name, {})} for name in self.groups["all"]}
        members: dict[str, dict[str, object]] = {
            group: {name: {} for name in names} for group, names in self.groups.items() if group != "all"
        }
        children = {group: {"hosts": names} for group, names in members.items()}
        inventory = self.root / "hosts.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "children": children}}), encoding="utf-8")
        failures = self.root / "failures"
        for file in (failures, self.progress):
            file.write_text("", encoding="utf-8")
        done = self.run("playbook", "-i", str(inventory), "-e", json.dumps(variables), *words, str(playbook))
        told = self.progress.read_text(encoding="utf-8").splitlines()
        without_times = tuple(re.sub(r"^\[ *\d+:\d\d\] ", "", line) for line in told)
        return Played(done.returncode, without_times, failures.read_text(encoding="utf-8"), done.stdout + done.stderr)
