"""An interrupted `pulumi up` is finished by the next one; a node that leaves is drained before its tunnel goes."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.lab.place import STACK, example_with, kubectl, on, pulumi, wait_until
from tests.support.examples import TREE

pytestmark = pytest.mark.long

DEPLOYER = "uchicago002.hl-lhc.io"
RUN = "stretched-playbooks.service"


def run_is_active() -> bool:
    return on(DEPLOYER, "systemctl", "is-active", RUN, check=False).strip() == "active"


def signal_run(name: str) -> None:
    on(DEPLOYER, "systemctl", "kill", f"--signal={name}", RUN)


def followers() -> set[str]:
    """Return the processes on the deployer that show somebody the run's progress."""
    return set(on(DEPLOYER, "pgrep", "-f", "^tail .*--pid=", check=False).split())


@pytest.mark.usefixtures("cluster")
def test_a_killed_up_finds_its_run_again(tmp_path: Path) -> None:
    """The playbooks go on when Pulumi is killed; the next up follows that run and finishes the rest."""
    tuned = example_with(
        tmp_path, "kube_proxy_mode: nftables", "kube_proxy_mode: nftables\n      kubelet_max_pods: 111"
    )
    command = ["up", "--yes", "--skip-preview", "--non-interactive", "--config-file", str(tuned), "--stack", STACK]
    started = subprocess.Popen(
        [sys.executable, "-m", "lab", "run", "pulumi", *command],
        cwd=TREE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(run_is_active, 120, "the playbooks run")
    signal_run("STOP")  # so that it does not end before the next ones come
    started.send_signal(signal.SIGKILL)
    started.wait()
    pulumi("cancel", "--yes", "--stack", STACK)
    left_over = followers()
    # Somebody else's run for another revision waits for the end of this one. It comes last: the newest is started.
    other = (
        "cd /var/lib/stretched-uploads/inventory; cp -r $(ls -td [0-9a-f]* | head -n 1) another; "
        "sh ../playbooks/current/deploy.sh converge another </var/lib/stretched/id_ed25519"
    )
    with ThreadPoolExecutor() as pool:
        following = pool.submit(pulumi, *command)
        try:
            wait_until(lambda: bool(followers() - left_over), 120, "the next up follows the run")
            with subprocess.Popen(
                [sys.executable, "-m", "lab", "exec", DEPLOYER, "--", "sh", "-c", other],
                cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as waiting:  # fmt: skip
                try:
                    wait_until(lambda: len(followers() - left_over) == 2, 120, "both wait for the run")
                finally:
                    signal_run("CONT")
                waited, _ = waiting.communicate(timeout=1800)
        except BaseException:
            signal_run("CONT")
            raise
        said = following.result().stdout
    # One run for both: it is followed from its beginning, and its playbooks were chosen once.
    assert "a run is in progress already" in said
    assert said.count("steps: cluster.yml: changed settings") == 1
    assert "a run for another revision is in progress" in waited
    assert waited.count("steps: ") == 1, "it waited, and its own run had nothing to do"
    assert "the cluster is as declared: no playbook to run" in waited
    pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--config-file", str(tuned), "--stack", STACK)


def test_a_leaving_node_is_removed_everywhere_and_comes_back(cluster: Path, tmp_path: Path) -> None:
    leaving = "msu001.hl-lhc.io"
    entry = """        msu001.hl-lhc.io:
          institution: msu
          address: 192.168.0.7
          endpoint: 198.51.100.7:51820
"""
    without = example_with(tmp_path, entry, "")
    pulumi("up", "--yes", "--skip-preview", "--config-file", str(without), "--stack", STACK)
    assert leaving not in kubectl(cluster, "get", "nodes", "-o", "name")
    assert "192.168.0.7/32" not in on("uvic001.hl-lhc.io", "wg", "show", "wg0", "allowed-ips")
    left = on(
        leaving,
        "sh",
        "-c",
        "ls -d /etc/wireguard /root/.stretched /var/lib/stretched-uploads /etc/kubernetes/*.conf /sys/class/net/wg0 2>/dev/null",
        check=False,
    )
    assert left == ""
    assert "stretched-deployer" not in on(leaving, "cat", "/root/.ssh/authorized_keys")
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    kubectl(cluster, "wait", "--for=condition=Ready", f"node/{leaving}", "--timeout=1200s")
