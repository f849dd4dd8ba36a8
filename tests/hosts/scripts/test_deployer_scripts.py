"""What deploy.sh and run.sh leave behind, and what they do not: keys, earlier playbooks, earlier wheels."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from components.cluster.playbooks import deployer_files
from components.remote.archives import archive
from components.remote.bundles import Bundle, bundle
from components.remote.commands import Script
from tests.hosts.scripts.machine import NEEDS_ROOT, Machine

BY_PROXY = "components/hosts/deployer/by_proxy.py"
DEPLOY = Script("playbooks", "deploy.sh", limit=60)
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END OPENSSH PRIVATE KEY-----\n"
GIVEN = shlex.quote(f'{KEY}{{"p": "secret"}}\n')


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "a").make()
    assert machine.prepare().returncode == 0
    return machine


def taken_over(machine: Machine, kind: str, files: Mapping[str, bytes]) -> Bundle:
    found = bundle(kind, files)
    machine.upload(found)
    done = machine.run(found.take_over(machine.host(), machine.name))
    assert done.returncode == 0, done.stderr
    return found


def state(machine: Machine) -> Path:
    return machine.root / "var/lib/stretched"


def secrets(machine: Machine) -> set[str]:
    """Files that have the secret, besides those where it is kept."""
    found = {str(path.relative_to(state(machine))) for path in state(machine).rglob("*")
             if path.is_file() and "secret" in path.read_text(encoding="utf-8").lower()}  # fmt: skip
    return found - {"id_ed25519", "secrets.json"}


@NEEDS_ROOT
def test_no_key_stays_when_the_connection_dies(machine: Machine) -> None:
    playbooks = taken_over(machine, "playbooks", deployer_files())
    line = DEPLOY.line(machine.host(), "converge", "i", of=playbooks).replace("timeout 60", "timeout 2")
    machine.stub("systemctl", "case $* in *ActiveState*) sleep 30 ;; esac")
    assert machine.run(f"printf %s {GIVEN} | {line}").returncode == 124
    assert not secrets(machine)
    assert machine.run(f"(printf %s {GIVEN}; sleep 4) | {line}").returncode in (124, 143)
    assert not secrets(machine)


@NEEDS_ROOT
def test_what_was_converged_is_in_force_and_what_was_before_goes(machine: Machine) -> None:
    machine.stub("systemctl", "case $* in *ActiveState*) echo inactive ;; *MainPID*) echo 0 ;; esac")
    machine.stub(
        "systemd-run",
        'while [ "$1" != sh ]; do shift; done; echo "$@" >>/var/lib/ran; cd /var/lib/stretched; echo 0 >status; echo {} >applied.json',
    )
    for number in "12":
        playbooks = taken_over(machine, "playbooks", {**deployer_files(), "number": number.encode()})
        inventory = taken_over(machine, "inventory", {"declared.json": number.encode()})
        line = DEPLOY.line(machine.host(), "converge", inventory.name, of=playbooks)
        done = machine.run(f"printf %s {GIVEN} | {line}")
        assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (0, "{}\n", "converged")
        ran = (machine.root / "var/lib/ran").read_text(encoding="utf-8").splitlines()[-1]
        assert ran == f"sh {playbooks.directory}/run.sh converge {inventory.name}"
    for found in (playbooks, inventory):
        assert {path.name for path in (machine.taken / found.kind).iterdir()} == {"current", found.name}
        letters = machine.root / "root/.stretched/nodes" / machine.name / found.kind
        assert [path.name for path in letters.iterdir()] == [found.name]
    removal = DEPLOY.line_for_delete(machine.host(), machine.name)
    assert machine.run(removal).stdout == "no Kubernetes was installed from this deployer: none was removed\n"
    done = machine.run(removal)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("deploy.sh is not there: nothing to remove\n")
    assert not state(machine).exists()
    assert {path.name for path in machine.taken.iterdir()} == {"name", "logins", "node"}


@pytest.fixture
def runner(tmp_path: Path) -> "Runner":
    return Runner(tmp_path)


class Runner:
    """run.sh's functions, with a Python whose environments are directories and whose pip notes its words."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "state").mkdir()
        python = root / "python"
        python.write_text('#!/bin/sh\n[ "$1" = -m ] || exit 0\nmkdir -p "$3/bin"; ln -s "$0" "$3/bin/python"\n'
                          f"cat >\"$3/bin/pip\" <<'X'\n#!/bin/sh\necho \"$* by ${{https_proxy:-none}} not ${{no_proxy:-}}\" >>{root}/pip\nX\nchmod +x \"$3/bin/pip\"\n",
                          encoding="utf-8")  # fmt: skip
        python.chmod(0o755)

    def run(self, files: Mapping[str, bytes], *, fails: bool = False) -> tuple[str, str]:
        """Have the playbooks and the environment made; return what the playbooks say, and what pip was called with."""
        (self.root / "pip").write_text("", encoding="utf-8")
        (self.root / "inventory").mkdir(exist_ok=True)
        here = self.root / f"here{len(list(self.root.iterdir()))}"
        here.mkdir()
        for name, content in {**files, BY_PROXY: deployer_files()[BY_PROXY]}.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_bytes(content)
        text = (deployer_files()["run.sh"]).decode()
        functions = text[text.index("# fetch SECONDS") : text.index('mkdir -p "$state/facts"')]
        script = f"""set -eu; state={self.root}/state here={here} inventory={self.root}/inventory
            PATH={self.root}/bin:$PATH; die() {{ echo "die: $*"; exit 1; }}
            ensure_python() {{ echo {self.root}/python; }}
            {functions}
            ensure_source; ensure_venv; forget_earlier; {"" if fails else "keep_used;"} cat "$playbooks/marker" """
        done = subprocess.run(["sh", "-c", script], text=True, capture_output=True, check=True)
        return done.stdout, (self.root / "pip").read_text(encoding="utf-8")


def tree(place: Path, marker: str) -> bytes:
    place.mkdir()
    (place / "marker").write_text(marker, encoding="utf-8")
    (place / "requirements.txt").touch()
    return archive(place)


def test_the_declared_playbooks_are_taken_and_earlier_ones_go(runner: Runner, tmp_path: Path) -> None:
    assert runner.run({"source.tar": tree(tmp_path / "old", "old")})[0] == "old"
    assert runner.run({"source.tar": tree(tmp_path / "new", "new")})[0] == "new"
    assert len(list((tmp_path / "state/source").iterdir())) == 1


def test_other_wheels_make_another_environment_and_one_without_its_python_is_made_again(
    runner: Runner, tmp_path: Path
) -> None:
    source = tree(tmp_path / "source", "x")
    wheels = {"source.tar": source, "wheels.tar": tree(tmp_path / "wheels", "w")}
    assert "--find-links" in runner.run(wheels)[1]
    assert runner.run(wheels)[1] == ""
    without = runner.run({"source.tar": source})[1]
    assert "requirements.txt" in without
    assert "--find-links" not in without
    (venv,) = (tmp_path / "state/venv").iterdir()
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/nonexistent/python3.11")
    assert "requirements.txt" in runner.run({"source.tar": source})[1]


def test_runs_that_fail_leave_the_last_that_succeeded_and_their_own(runner: Runner, tmp_path: Path) -> None:
    runner.run({"source.tar": tree(tmp_path / "good", "good")})
    for name in ("bad", "worse"):
        wheels = tree(tmp_path / f"{name}-wheels", name)
        runner.run({"source.tar": tree(tmp_path / name, name), "wheels.tar": wheels}, fails=True)
        markers = {file.read_text(encoding="utf-8") for file in tmp_path.glob("state/source/*/marker")}
        assert markers == {"good", name}
        assert len(list((tmp_path / "state/venv").iterdir())) == 2


def test_pip_and_git_download_by_the_declared_proxy_within_limits(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/proxy.json").write_text(
        json.dumps(
            {"https_proxy": "http://192.0.2.9:3128", "no_proxy": "10.0.0.0/8", "additional_no_proxy": "b.example"}
        ),
        encoding="utf-8",
    )
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin/git"
    git.write_text(
        f"""#!/bin/sh
shift
directory=$1
shift
echo "$* by ${{https_proxy:-none}}" >>{tmp_path}/git
case $* in
*rev-parse*) echo {"1" * 40} ;;
*checkout*) touch "$directory/requirements.txt" "$directory/marker" ;;
esac
""",
        encoding="utf-8",
    )
    git.chmod(0o755)
    source = f"https://example.org/kubespray\n{'1' * 40}\n".encode()
    pip = runner.run({"source.git": source})[1]
    assert pip.endswith(" by http://192.0.2.9:3128 not 10.0.0.0/8,b.example\n")
    assert "--timeout 60 --retries 3" in pip
    (fetched,) = [line for line in (tmp_path / "git").read_text(encoding="utf-8").splitlines() if " fetch " in line]
    assert fetched.startswith("-c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 fetch ")
    assert fetched.endswith(" by http://192.0.2.9:3128")


def test_a_download_that_does_not_end_is_ended(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/timeout").write_text('#!/bin/sh\nshift\nexec /usr/bin/timeout 1 "$@"\n', encoding="utf-8")
    (tmp_path / "bin/git").write_text("#!/bin/sh\ncase $* in *fetch*) exec sleep 100 ;; esac\n", encoding="utf-8")
    for name in ("git", "timeout"):
        (tmp_path / "bin" / name).chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        runner.run({"source.git": b"https://example.org/kubespray\n1\n"})
    assert "cannot fetch 1 from https://example.org/kubespray (limit: 15 minutes)" in failed.value.stdout
