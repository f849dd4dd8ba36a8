"""A deployer without hosts: what is uploaded lies in a directory, a bare Python runs it, a fake ansible-playbook notes it."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.cluster.playbooks import deployer_files, inventory_files
from components.model.cluster.declared import declared
from components.model.configuration import parse
from components.model.convergence.state import State, from_data, to_data
from components.remote.uploads import digest, write_directory
from tests.support.examples import host_key, read

FAKE = Path(__file__).with_name("fake_playbook.py")


def cluster(leaders: str = "m", workers: str = "x y", **kubernetes: object) -> dict[str, object]:
    """Return the configuration of a cluster at one site, its nodes named by letters; m is the deployer."""
    nodes: dict[str, object] = {}
    for name, roles in [(name, ["control-plane", "etcd"]) for name in leaders.split()] + [
        (name, ["worker"]) for name in workers.split()
    ]:
        number = ord(name)
        nodes[name] = {"address": f"192.168.0.{number}", "endpoint": f"192.0.2.{number}", "roles": roles,
                       "ssh": {"hostKey": host_key(name)}}  # fmt: skip
    source = {"repository": "https://example.org/kubespray", "commit": "1" * 40}
    return {
        "mesh": {"cidr": "192.168.0.0/24"},
        "kubernetes": {"version": "1.35.3", "deployer": "m", "kubespray": source, **kubernetes},
        "sites": {"lab": {"institution": "lab", "nodes": nodes}},
    }


def bare_python() -> Path:
    """Return the system's Python where scripts/deployer/run.sh would take it, else the one of these tests."""
    system = Path("/usr/bin/python3")
    accepted = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
    if system.exists() and subprocess.run([system, "-c", accepted], check=False).returncode == 0:
        return system.resolve()
    return Path(sys.executable).resolve()


def archive(known: State, *hosts: str) -> str:
    """Return what adopt.yml brings from a deployer: what it knows, and an inventory that has some hosts."""
    raw = io.BytesIO()
    files = {
        "applied.json": json.dumps(to_data(known)),
        "inventory/hosts.yml": json.dumps({"all": {"hosts": dict.fromkeys(hosts)}}),
        "inventory/order.json": json.dumps({"all": {"children": {}}}),
        "artifacts/admin.conf": "kubeconfig",
    }
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return base64.b64encode(raw.getvalue()).decode()


@dataclass(frozen=True)
class Run:
    """One call of ansible-playbook, as the fake noted it."""

    playbook: str
    directory: Path
    inventory: str
    limit: str
    variables: Mapping[str, object]
    files: Mapping[str, str]
    """Variables in files, `-e @file`: paths and contents."""
    words: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    hosts_file: str
    applied: State | None
    stdin: str

    @property
    def hosts(self) -> set[str]:
        return hosts(self.hosts_file)

    def __str__(self) -> str:
        words = [self.playbook, f"in {self.inventory}", self.limit and f"limit {self.limit}"]
        words += [f"{name}={value}" for name, value in self.variables.items()]
        return " ".join(filter(None, words))


def hosts(text: str) -> set[str]:
    """Return the hosts of an inventory."""
    return set(yaml.safe_load(text)["all"]["hosts"])


def _run(line: str) -> Run:
    data = json.loads(line)
    children = data["groups"]["all"]["children"]
    return Run(
        data["playbook"],
        Path(data["directory"]),
        data["inventory"],
        data["limit"],
        data["variables"],
        data["files"],
        tuple(data["words"]),
        {group: tuple(one["hosts"]) for group, one in children.items()},
        data["hosts"],
        from_data(data["applied"]) if data["applied"] else None,
        data["stdin"],
    )


@dataclass(frozen=True)
class Done:
    """One converge.py from its beginning to its end. `steps` are those begun, without their reasons."""

    status: int
    runs: tuple[Run, ...]
    progress: str
    errors: str
    logins: tuple[Run, ...] = ()
    """The trials of logins.yml."""

    @property
    def words(self) -> list[str]:
        return [str(run) for run in self.runs]

    @property
    def steps(self) -> list[str]:
        begun = [line.partition("==> ")[2] for line in self.progress.splitlines() if "==> " in line]
        return [step.partition(": ")[0] for step in begun]


def make_tools(tools: Path) -> Path:
    """Make a directory with what is uploaded, a bare Python, and the fake beside it."""
    write_directory(tools / "uploaded", deployer_files())
    (tools / "bin").mkdir()
    python, fake = tools / "bin" / "python", tools / "bin" / "ansible-playbook"
    # Beside no pyvenv.cfg, a link to the interpreter itself knows no environment of ours.
    python.symlink_to(bare_python())
    fake.write_text(f"#!{python} -S\n{FAKE.read_text(encoding='utf-8')}", encoding="utf-8")
    fake.chmod(0o755)
    return tools


@dataclass(frozen=True)
class Place:
    """A deployer's directories; `tools` are those of `make_tools`."""

    root: Path
    tools: Path

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def known(self) -> State | None:
        file = self.state / "applied.json"
        return from_data(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None

    @property
    def inventory(self) -> set[str]:
        """The hosts of the inventory in force."""
        return hosts((self.state / "inventory" / "hosts.yml").read_text(encoding="utf-8"))

    def install(self, config: Mapping[str, object]) -> None:
        """Have the state of a cluster that was installed; the installation is run once for all tests."""
        once = Place(self.tools / digest({"config": json.dumps(config).encode()}), self.tools)
        if not once.root.exists():
            once.root.mkdir()
            done = once.converge(config)
            assert done.status == 0, done.errors
        shutil.copytree(once.state, self.state)

    def converge(
        self,
        config: Mapping[str, object],
        *,
        failing: str = "",
        killed: int = 0,
        known_elsewhere: str = "",
        secrets: Mapping[str, object] | None = None,
        secrets_meanwhile: Mapping[str, object] | None = None,
    ) -> Done:
        """Upload what a configuration declares and run converge.py once.

        `failing` is the playbook that ends with a status; at the call number `killed` everything is killed.
        `secrets` are the secret variables, which deploy.sh keeps in a file; it may bring others meanwhile.
        """
        self.state.mkdir(exist_ok=True)
        (self.state / "secrets.json").write_text(json.dumps(secrets or {}), encoding="utf-8")
        (self.root / "playbooks").mkdir(exist_ok=True)
        spec = parse(config, read)
        shutil.rmtree(self.root / "inventory", ignore_errors=True)
        write_directory(self.root / "inventory", inventory_files(spec, declared(spec, "v1")))
        orders = {
            "failing": failing,
            "killed": killed,
            "known_elsewhere": known_elsewhere,
            "secrets_meanwhile": secrets_meanwhile,
        }
        (self.root / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
        runs, progress, logins = (self.root / name for name in ("runs", "progress", "logins"))
        for noted_in in (runs, logins):
            noted_in.write_text("", encoding="utf-8")
        progress.write_text("", encoding="utf-8")
        done = subprocess.run(
            # -S: no site-packages, those of the system neither
            [
                self.tools / "bin" / "python",
                "-S",
                "-m",
                "components.hosts.deployer.converge",
                self.state,
                self.root / "inventory",
                self.root / "playbooks",
            ],
            cwd=self.root,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(self.tools / "uploaded"),
                "STRETCHED_PROGRESS": str(progress),
                "STRETCHED_STARTED": str(time.time()),
            },
            input="nothing of this reaches a playbook",
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            timeout=600,
        )
        noted, tried = (tuple(map(_run, file.read_text(encoding="utf-8").splitlines())) for file in (runs, logins))
        return Done(done.returncode, noted, progress.read_text(encoding="utf-8"), done.stderr, tried)
