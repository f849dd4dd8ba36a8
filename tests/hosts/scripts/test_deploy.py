"""deploy.sh on a machine whose systemd is a stub: what it prints, and where."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.cluster.playbooks import SHARED_SCRIPTS
from tests.support.examples import TREE

SCRIPTS = TREE / "components/hosts/scripts/deployer"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"
STUBS = {
    # A unit is active as often as there are files that say so.
    "systemctl": '#!/bin/sh\ncd "$STUB_STATE" || exit 3\n'
    "case $1 in is-active) rm active1 2>/dev/null || rm active2 2>/dev/null || exit 3 ;; show) echo 0 ;; esac\n",
    "systemd-run": "#!/bin/sh\nstate=$STUB_STATE\n"
    'printf \'{"order": ["a"],\\n "first": ""}\\n\' >"$state/applied.json"\necho "$STUB_STATUS" >"$state/status"\n',
}


def converge(place: Path, shell: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    scripts, programs, state = place / "playbooks", place / "programs", place / "state"
    shutil.copytree(SCRIPTS, scripts)
    for name in SHARED_SCRIPTS:
        shutil.copy(SCRIPTS.parent / "node" / name, scripts)
    paths = scripts / "paths.sh"
    paths.write_text(paths.read_text("utf-8").replace("/var/lib/stretched", str(state)), encoding="utf-8")
    programs.mkdir()
    for name, text in STUBS.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.run(
        [shell, str(scripts / "deploy.sh"), "converge", "0123456789abcdef"],
        input=f'{KEY}{{"registry_password": "hunter2"}}\n',
        env={
            "STRETCHED_UPLOADS": str(place / "uploads"),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(place),
            "STUB_STATE": str(state),
            "STUB_STATUS": str(status),
        },
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_what_is_applied_is_all_of_standard_output_and_progress_goes_to_standard_error(
    shell: str, tmp_path: Path
) -> None:
    done = converge(tmp_path, shell)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"order": ["a"], "first": ""}
    assert done.stderr.endswith("converged\n")
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(("active", "touched"), [(True, False), (False, True)])
def test_who_follows_a_run_does_not_make_the_bundles_of_those_that_wait_for_it_older(
    active: bool, touched: bool, tmp_path: Path
) -> None:
    state, bundle = tmp_path / "state", tmp_path / "uploads/inventory/0123456789abcdef"
    state.mkdir()
    bundle.mkdir(parents=True)
    os.utime(bundle, (1, 1))
    if active:
        secrets = hashlib.sha256(b'{"registry_password": "hunter2"}\n').hexdigest()[:16]
        (state / "revision").write_text(f"playbooks-0123456789abcdef-{secrets}\n", encoding="utf-8")
        (state / "active1").touch()
        (state / "active2").touch()
        (state / "status").write_text("0\n", encoding="utf-8")
        (state / "applied.json").write_text("{}\n", encoding="utf-8")
    done = converge(tmp_path, "dash")
    assert done.returncode == 0, done.stderr
    assert ("a run is in progress already" in done.stderr) == active
    assert (bundle.stat().st_mtime != 1) == touched


def test_a_run_that_failed_prints_nothing_for_the_state(tmp_path: Path) -> None:
    done = converge(tmp_path, "dash", status=2)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the playbooks failed (status 2)" in done.stderr
