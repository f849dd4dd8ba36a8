"""Installation of packages where others have the package manager's lock, or a repository is broken.

apt and dpkg are the real ones, with directories of their own and a repository of files; dnf is a stub.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"
REAL = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("apt-get"), reason="dpkg unpacks as root, and this system may have no apt"
)
SCRIPT = '. "{node}/packages.sh"; say() {{ printf "%s\\n" "$*"; }}; die() {{ say "died: $*"; exit 1; }}; {words}'
APT = """\
Dir::State "{place}/state";
Dir::State::status "{place}/dpkg/status";
Dir::Cache "{place}/cache";
Dir::Etc "{place}/etc";
Dir::Log "{place}/log";
DPkg::Options {{ "--root={place}/root"; "--admindir={place}/dpkg"; "--force-script-chrootless"; }};
APT::Sandbox::User "root";
"""


class Apt:
    """A place for apt and dpkg, and a repository with the package `ours` of one file."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for name in (
            "state/lists/partial",
            "dpkg/info",
            "dpkg/updates",
            "cache/archives/partial",
            "root",
            "log",
            "repository",
        ):
            (place / name).mkdir(parents=True)
        for name in ("etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "etc/trusted.gpg.d"):
            (place / name).mkdir(parents=True)
        (place / "dpkg/status").touch()
        (place / "apt.conf").write_text(APT.format(place=place), encoding="utf-8")
        (place / "etc/sources.list").write_text(f"deb [trusted=yes] file:{place}/repository ./\n", encoding="utf-8")
        tree = place / "package"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr/share/ours").mkdir(parents=True)
        (tree / "usr/share/ours/file").write_text("here\n", encoding="utf-8")
        control = "Package: ours\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: one file\n"
        (tree / "DEBIAN/control").write_text(control, encoding="utf-8")
        archive = place / "repository/ours.deb"
        subprocess.run(["dpkg-deb", "--build", str(tree), str(archive)], check=True, capture_output=True)
        content = archive.read_bytes()
        index = f"{control}Filename: ./ours.deb\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
        (place / "repository/Packages").write_text(index, encoding="utf-8")

    def start(self, words: str = "install_packages ours; echo end", patience: int = 60) -> "subprocess.Popen[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "APT_CONFIG": str(self.place / "apt.conf"),
            "STRETCHED_PACKAGES_PATIENCE": str(patience),
        }
        return subprocess.Popen(
            ["sh", "-euc", SCRIPT.format(node=NODE, words=words)],
            env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def install(self, words: str = "install_packages ours; echo end", patience: int = 60) -> tuple[int, str, str]:
        """Return status, output and errors."""
        process = self.start(words, patience)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    @property
    def installed(self) -> bool:
        return (self.place / "root/usr/share/ours/file").exists()

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold one of apt's locks, as unattended-upgrades does: fcntl(2), not flock(2)."""
        with (self.place / name).open("w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            yield


@pytest.fixture
def apt(tmp_path: Path) -> Apt:
    return Apt(tmp_path)


@REAL
def test_packages_are_installed_without_a_word_of_apt(apt: Apt) -> None:
    assert apt.install() == (0, "installing ours\nend\n", "")
    assert apt.installed


@REAL
@pytest.mark.parametrize("name", ["dpkg/lock-frontend", "state/lists/lock", "cache/archives/lock"])
def test_a_lock_of_another_program_is_waited_for_and_its_holder_named(apt: Apt, name: str) -> None:
    with apt.locked(name):
        process = apt.start()
        assert process.stdout
        assert process.stdout.readline() == "installing ours\n"
        waiting = process.stdout.readline()
        assert waiting.startswith("another program installs packages, waiting ")
        assert f"{apt.place}/{name}" in waiting
        assert f"held by process {os.getpid()} " in waiting
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (0, "end\n", "")
    assert apt.installed


@REAL
def test_a_lock_that_stays_is_waited_for_so_long_only(apt: Apt) -> None:
    with apt.locked("dpkg/lock-frontend"):
        status, out, err = apt.install(patience=3)
    assert status == 1
    assert out.splitlines()[-1] == "died: apt could not install ours (see above)"
    assert f"held by process {os.getpid()} " in err


@REAL
def test_a_broken_repository_of_others_does_not_stop_it(apt: Apt) -> None:
    (apt.place / "etc/sources.list.d/third.list").write_text(
        "deb [trusted=yes] file:/nonexistent ./\n", encoding="utf-8"
    )
    status, out, err = apt.install()
    assert (status, err) == (0, "")
    first, told, *rest = out.splitlines()
    assert told.startswith("apt-get update failed, continuing with the package lists that exist: E: ")
    assert "file:/nonexistent" in told
    assert (first, rest[-1]) == ("installing ours", "end")
    assert apt.installed


@REAL
def test_what_apt_said_is_shown_whole_if_it_fails(apt: Apt) -> None:
    status, out, err = apt.install("install_packages ours theirs; echo end")
    assert (status, out) == (1, "installing ours theirs\ndied: apt could not install ours theirs (see above)\n")
    assert "Reading package lists" in err
    assert "E: Unable to locate package theirs" in err


def run(tmp_path: Path, manager: str, stubbed: str) -> subprocess.CompletedProcess[str]:
    """Run install_packages on a host that has this package manager only, then read a line of standard input."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("cat", "date", "env", "grep", "head", "mktemp", "rm", "sleep", "timeout"):
        (bin_ / name).symlink_to(str(shutil.which(name)))
    stub(bin_, manager, stubbed.format(place=tmp_path))
    words = 'install_packages ours; read -r line; echo "left: $line"'
    return subprocess.run(
        [str(shutil.which("sh")), "-euc", SCRIPT.format(node=NODE, words=words)],
        env={"PATH": str(bin_)}, input="secret\n", text=True, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_nothing_is_asked_nothing_restarted_and_standard_input_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "apt-get", 'cat; echo "$*" >>{place}/words; env >{place}/env')
    assert (done.stdout, done.stderr) == ("installing ours\nleft: secret\n", "")
    environment = (tmp_path / "env").read_text(encoding="utf-8").splitlines()
    assert {"DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "NEEDRESTART_MODE=l"} <= set(environment)
    assert "--force-confold ours\n" in (tmp_path / "words").read_text(encoding="utf-8")


def test_dnf_leaves_out_broken_repositories_and_is_tried_again_when_it_is_locked(tmp_path: Path) -> None:
    locked = '[ -e {place}/tried ] || {{ : >{place}/tried; echo metadata already locked by 4711; exit 200; }}\necho "$*" >{place}/words'
    done = run(tmp_path, "dnf", locked)
    first, waiting, *rest = done.stdout.splitlines()
    assert waiting.endswith("s at most: metadata already locked by 4711")
    assert (first, rest, done.stderr) == ("installing ours", ["left: secret"], "")
    words = (tmp_path / "words").read_text(encoding="utf-8")
    assert words == "install -q -y --setopt=*.skip_if_unavailable=1 --setopt=exit_on_lock=1 ours\n"
