"""run.sh as a whole, with a Python whose environments are directories: keys, playbooks, environments, and what Ansible gets."""

import subprocess
from pathlib import Path

import pytest

from components.cluster.playbooks import deployer_files
from components.remote import host_files
from components.remote.archives import archive
from components.remote.bundles import Bundle, bundle
from tests.hosts.scripts.machine import NEEDS_ROOT, Machine

pytestmark = NEEDS_ROOT
# Its environments have a Python that writes down what converge.py would get, and fails if there is a file `fail`.
PYTHON = """case $2 in
venv)
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    ln -sf /bin/true "$3/bin/pip"
    ;;
components.hosts.deployer.converge)
    shift 2
    { echo "words $*"; env; } >/var/lib/got
    [ ! -e /var/lib/fail ]
    ;;
esac"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "a").make()
    for name in ("python3.13", "python3.12", "python3.11"):
        machine.stub(name, PYTHON)
    (machine.root / "var/lib/stretched/former").mkdir(parents=True)
    (machine.root / "take_over.sh").write_bytes(host_files.scripts("node")["take_over.sh"])
    return machine


def playbooks(tmp_path: Path, marker: str) -> Bundle:
    place = tmp_path / marker
    place.mkdir()
    (place / "marker").write_text(marker, encoding="utf-8")
    (place / "requirements.txt").write_text(f"ansible-core # {marker}\n", encoding="utf-8")
    return bundle("playbooks", {**deployer_files(), "source.tar": archive(place)})


def run(
    machine: Machine, found: Bundle, *, fails: bool = False
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the bundle's run.sh as the unit does; return what became of it, and the environment of converge.py."""
    inventory = bundle("inventory", {"proxy.json": b"{}"})
    for content in (found, inventory):
        machine.upload(content)
        taken = machine.run(f"sh {machine.root}/take_over.sh {content.directory} {content.digest} "
                            f"<.stretched/{content.upload_path(machine.name)}")  # fmt: skip
        assert taken.returncode == 0, taken.stderr
    (machine.root / "var/lib/fail").unlink(missing_ok=True)
    if fails:
        (machine.root / "var/lib/fail").touch()
    done = machine.run(f"env -i HOME=/root PATH=$PATH LC_ALL=C.UTF-8 sh {found.directory}/run.sh converge "
                       f"{inventory.name}")  # fmt: skip
    lines = (machine.root / "var/lib/got").read_text(encoding="utf-8").splitlines()
    return done, dict(line.partition("=")[::2] for line in lines)


def formers(machine: Machine) -> set[str]:
    return {file.name for file in (machine.root / "var/lib/stretched/former").iterdir()}


def test_leaving_nodes_are_reached_by_the_former_key_until_a_run_has_removed_them(
    machine: Machine, tmp_path: Path
) -> None:
    (machine.root / "var/lib/stretched/former/abc").write_text("key", encoding="utf-8")
    found = playbooks(tmp_path, "one")
    done, environment = run(machine, found, fails=True)
    assert done.returncode == 1
    identities = [word for word in environment["ANSIBLE_SSH_ARGS"].split() if word.startswith("IdentityFile")]
    assert identities == ["IdentityFile=/var/lib/stretched/id_ed25519", "IdentityFile=/var/lib/stretched/former/abc"]
    assert formers(machine) == {"abc"}
    done, _ = run(machine, found)
    assert done.returncode == 0, done.stderr
    assert formers(machine) == set()


def test_ansible_gets_a_locale_that_every_host_has_and_nothing_of_a_login(machine: Machine, tmp_path: Path) -> None:
    environment = run(machine, playbooks(tmp_path, "one"))[1]
    assert environment["LC_ALL"] == "C.UTF-8"
    assert not {"LANG", "SUDO_USER", "SSH_CONNECTION"} & set(environment)


def test_old_playbooks_and_environments_go_also_when_runs_fail(machine: Machine, tmp_path: Path) -> None:
    state = machine.root / "var/lib/stretched"

    def there() -> list[set[str]]:
        sources = {file.read_text(encoding="utf-8") for file in state.glob("source/*/marker")}
        return [sources, {str(len(list((state / "venv").iterdir())))}]

    run(machine, playbooks(tmp_path, "good"))
    run(machine, playbooks(tmp_path, "bad"), fails=True)
    assert there() == [{"good", "bad"}, {"2"}]
    run(machine, playbooks(tmp_path, "worse"), fails=True)
    assert there() == [{"good", "worse"}, {"2"}]
    run(machine, playbooks(tmp_path, "better"))
    assert there() == [{"better"}, {"1"}]
