"""An interrupted `pulumi up` is finished by the next one; a node that leaves is drained before its tunnel goes."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.examples import TREE
from tests.lab.place import STACK, example_with, kubectl, on, pulumi, wait_until

DEPLOYER = "uchicago002.hl-lhc.io"
RUN = "stretched-playbooks.service"


def run_is_active() -> bool:
    return on(DEPLOYER, "systemctl", "is-active", RUN, check=False).strip() == "active"


def test_a_killed_up_finds_its_run_again(cluster: Path, tmp_path: Path) -> None:
    """The playbooks go on when Pulumi is killed; the next up follows that run and finishes the rest."""
    tuned = example_with(tmp_path, "kube_proxy_mode: nftables", "kube_proxy_mode: nftables\n      kubelet_max_pods: 111")
    command = ["up", "--yes", "--skip-preview", "--non-interactive", "--config-file", str(tuned), "--stack", STACK]
    started = subprocess.Popen(
        [sys.executable, "-m", "lab", "run", "pulumi", *command],
        cwd=TREE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(run_is_active, 120, "the playbooks run")
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert run_is_active()
    pulumi("cancel", "--yes", "--stack", STACK)
    said = pulumi(*command).stdout
    assert "a run is going on already" in said or "this revision is converged already" in said
    # One run for both: it is followed from its beginning, and the deployer chose its playbooks once.
    if "following the run" in said:
        assert said.count("to do: cluster.yml: changed settings") == 1
    chosen = on(DEPLOYER, "grep", "-c", "to do: ", "/var/lib/stretched/progress.log")
    assert chosen.strip() == "1"
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
        "ls -d /etc/wireguard /root/.stretched /etc/kubernetes/*.conf /sys/class/net/wg0 2>/dev/null",
        check=False,
    )
    assert left == ""
    assert "stretched-deployer" not in on(leaving, "cat", "/root/.ssh/authorized_keys")
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    kubectl(cluster, "wait", "--for=condition=Ready", f"node/{leaving}", "--timeout=120s")
