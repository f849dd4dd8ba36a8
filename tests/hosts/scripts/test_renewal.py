"""When a control plane's certificates are renewed: Kubespray v2.31 does it every month, and restarts the control plane."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hosts.scripts.machine import NEEDS_ROOT, Machine
from tests.support.examples import TREE

SCRIPT = TREE / "components/hosts/scripts/node/renewal_due.sh"
DAY = 86400
KUBESPRAY = "next_time=$(systemctl show k8s-certs-renew.timer -p NextElapseUSecRealtime --value)\n"
UNIT = "[Unit]\nDescription=Renew certificates\n[Service]\nType=oneshot\nExecStart=/bin/true\n"


class Host:
    """A control-plane node whose timer runs on the first Monday of each month."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kubespray("k8s-certs-renew.sh", KUBESPRAY)
        self.timer("Mon *-*-01,02,03,04,05,06,07 03:00:00")

    def program(self, name: str, text: str) -> None:
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def kubespray(self, name: str, text: str) -> None:
        self.program(name, text)
        self.script = self.root / name

    def timer(self, calendar: str) -> None:
        """Name what systemd shows while the service runs, which is then the unit without a next run."""
        self.calendar = calendar

    def certificates(self, *days: float, missing: int = 0) -> None:
        """Have certificates that end in so many days; those that are missing have none."""
        lines = [f"false {int(day * DAY)}" for day in days] + ["true 0"] * missing
        text = "\\n".join(["[check-expiration] Reading configuration from the cluster...", *lines])
        self.program("kubeadm", f"[ $# = 4 ] || exit 2\nprintf '{text}\\n'")

    def due(self, shell: str = "sh") -> bool:
        shown = f"{{ path={self.script} ; argv[]={self.script} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }}"
        timer = f"{{ OnCalendar={self.calendar} ; next_elapse=(null) }}"
        self.program(
            "systemctl", f"case $* in *ExecStart*) echo {json.dumps(shown)} ;; *) echo {json.dumps(timer)} ;; esac"
        )
        done = subprocess.run(
            [shell, SCRIPT], env={"PATH": f"{self.root}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize(("days", "due"), [([300, 364], False), ([300, 5], True), ([44], False), ([-1, 300], True)])
def test_certificates_are_renewed_when_one_ends_before_the_next_run_and_a_week(
    host: Host, shell: str, days: list[float], due: bool
) -> None:
    host.certificates(*days)
    assert host.due(shell) == due


def test_the_calendar_of_the_timer_counts(host: Host) -> None:
    host.certificates(60)
    assert not host.due()
    host.timer("2099-01-01 03:00:00")
    assert host.due()


def test_what_is_on_the_first_node_only_is_no_reason(host: Host) -> None:
    host.certificates(300, missing=1)
    assert not host.due()


def test_what_cannot_be_known_is_renewed(host: Host) -> None:
    host.certificates(missing=3)
    assert host.due(), "no certificate"
    host.program("kubeadm", "exit 1")
    assert host.due(), "kubeadm fails"
    host.certificates(300)
    host.timer("")
    assert host.due(), "no calendar"


@pytest.mark.parametrize("name", ["k8s-certs-renew.py", "k8s-certs-renew.sh"])
def test_a_kubespray_without_the_fault_decides_itself(host: Host, name: str) -> None:
    host.certificates(300)
    host.kubespray(name, "# NextElapseUSecRealtime is empty" if name.endswith(".py") else "kubeadm certs renew all")
    assert host.due()


@NEEDS_ROOT
def test_every_node_has_the_condition_and_loses_it_on_removal(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a").make()
    assert machine.prepare().returncode == 0
    drop_in = machine.root / "units/k8s-certs-renew.service.d"
    assert {path.name: path.stat().st_mode & 0o777 for path in drop_in.iterdir()} == {
        "10-due.conf": 0o644,
        "renewal_due.sh": 0o644,
    }
    unit = drop_in.with_suffix("")
    unit.write_text(UNIT, encoding="utf-8")
    if shutil.which("systemd-analyze"):
        checked = subprocess.run(
            ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False,
            env={"SYSTEMD_UNIT_PATH": f"{drop_in.parent}:"},
        )  # fmt: skip
        assert (checked.returncode, checked.stderr) == (0, "")
    removal = f"sh {machine.node.directory}/prepare.sh remove"
    assert machine.run(removal).returncode == 0
    assert not drop_in.exists()
