"""Parts of the stand-in's host scripts that need no host."""

import subprocess
from pathlib import Path

import pytest

from tests.standin.conftest import STANDIN

FILES = STANDIN / "playbooks" / "roles" / "standin" / "files"
EMPTY_TABLE = """\
# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat {
\tchain PREROUTING {
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t}

\tchain POSTROUTING {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t}
}
"""


def call(script: str, command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with the functions of the library and of one script, whose last line would start it."""
    functions = (FILES / script).read_text(encoding="utf-8").removesuffix("main </dev/null\n")
    text = f"node=n\n{(FILES / 'lib.sh').read_text(encoding='utf-8')}\n{functions}\n{command}\n"
    return subprocess.run(["sh", "-c", text], input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("running", "wanted"),
    [("none", "1.35.4"), ("1.35.4", "1.35.4"), ("1.35.3", "1.35.4"), ("1.35.9", "1.35.10"), ("1.34.9", "1.35.0")],
)
def test_kubernetes_goes_on_by_patches_and_one_minor_version(running: str, wanted: str) -> None:
    done = call("reset.sh", f"version_step {running} {wanted}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("running", "wanted", "message"),
    [
        ("1.34.8", "1.36.1", "no minor version can be skipped, so upgrade to a 1.35 first"),
        ("1.9.0", "1.11.0", "no minor version can be skipped, so upgrade to a 1.10 first"),
        ("1.35.4", "1.35.3", "there is no way back to an older version"),
        ("1.35.10", "1.35.9", "there is no way back to an older version"),
        ("1.35.4", "1.34.9", "there is no way back to an older version"),
    ],
)
def test_a_step_that_kubernetes_does_not_support_is_refused(running: str, wanted: str, message: str) -> None:
    done = call("reset.sh", f"version_step {running} {wanted}")
    assert done.returncode == 1
    assert done.stderr == f"n: Kubernetes {running} runs here and kube_version is {wanted}: {message}\n"


def test_a_table_with_accepting_chains_alone_goes() -> None:
    assert call("reset.sh", "without_effect", EMPTY_TABLE).returncode == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("policy accept", "policy drop"),
        ("\t}\n\n", "\t\tip saddr 192.0.2.0/24 accept\n\t}\n\n"),
        ("chain PREROUTING", "chain OURS"),
        ("table ip nat {\n", "table ip nat {\n\tset admins {\n\t\ttype ipv4_addr\n\t}\n\n"),
    ],
)
def test_a_table_with_anything_of_the_host_s_stays(old: str, new: str) -> None:
    assert old in EMPTY_TABLE
    assert call("reset.sh", "without_effect", EMPTY_TABLE.replace(old, new, 1)).returncode == 1


def test_a_directory_that_holds_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "used").mkdir()
    (tmp_path / "used/file").touch()
    done = call("reset.sh", f"remove_empty {tmp_path}/empty {tmp_path}/used {tmp_path}/absent")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["used"]
