"""`pulumi destroy` leaves nothing of ours on the hosts. Runs last, and only in a lab that the tests made."""

from pathlib import Path

import pytest

from tests.cluster import first_run
from tests.lab.place import HOSTS, STACK, example_with, on, pulumi
from tests.lab.traces import Row, differences, not_on_the_page, rows

pytestmark = pytest.mark.long

OURS = (
    "/etc/wireguard /root/.stretched /var/lib/stretched-uploads /var/lib/stretched /sys/class/net/wg0 /sys/class/net/vxlan* /sys/class/net/cni*"
    " /etc/kubernetes/*.conf /etc/kubernetes/pki /etc/cni/net.d/* /etc/systemd/system/kubelet.service.d"
)


SECTIONS = (
    "The mesh",
    "Gateways, names and narrow paths",
    "The firewall",
    "Services",
    "Packages",
    "The deployer",
    "Kubernetes, by Kubespray",
)
"""Of docs/hosts.md."""
STAND_IN = [
    Row("", "files", ("*/kubespray-standin*", "*/90-kubespray-standin.conf", "/usr/local/libexec"), gone=True),
    Row("", "units", ("kubespray-standin-pods.service",), gone=True),
    Row("", "tables", ("inet kubespray_standin",), gone=True),
    Row("", "interfaces", ("vxlan.standin",), gone=True),
    Row("", "routes", ("*dev vxlan.standin*",), gone=True),
    Row("", "files", ("/etc/cni/net.d", "/usr/lib/modules"), gone=False),
]
"""What only the stand-in for Kubespray does. Directories stay, empty."""


@pytest.mark.usefixtures("cluster")
def test_the_page_about_hosts_lists_what_was_changed() -> None:
    if not first_run.BEFORE:
        pytest.skip("the lab was up before the tests: nobody looked at its hosts before `pulumi up`")
    for host, before in first_run.BEFORE.items():
        unlisted = not_on_the_page(differences(before, first_run.AFTER[host]), [*rows(*SECTIONS), *STAND_IN])
        assert not unlisted, f"{host}, add these to docs/hosts.md:\n" + "\n".join(unlisted)


@pytest.mark.usefixtures("cluster")
def test_destroy_is_refused_unless_the_configuration_says_so_and_then_leaves_nothing_of_ours_on_any_host(
    dev_lab: bool, tmp_path: Path
) -> None:
    if dev_lab:
        pytest.skip("the lab was up before the tests: its cluster is somebody's and is not destroyed")
    refused = pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK, check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout
    for host in HOSTS:
        assert "kubelet" in on(host, "ps", "-eo", "comm=").split(), f"{host}: Kubernetes is gone already"
        assert "wg0" in on(host, "ls", "/sys/class/net"), host
    freed = example_with(tmp_path, "  stretched:mesh:", "  stretched:protect: false\n  stretched:mesh:")
    pulumi("up", "--yes", "--skip-preview", "--config-file", str(freed), "--stack", STACK)
    pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    for host in HOSTS:
        assert on(host, "sh", "-c", f"ls -d {OURS} 2>/dev/null", check=False) == "", host
        assert "stretched" not in on(host, "cat", "/root/.ssh/authorized_keys")
        running = on(host, "ps", "-eo", "comm=")
        assert not {"kubelet", "kube-apiserver", "etcd", "wireguard-go"} & set(running.split()), host
    staying = [row for row in [*rows(*SECTIONS), *STAND_IN] if not row.gone]
    for host, after in first_run.look().items():
        left = not_on_the_page(differences(first_run.BEFORE[host], after), staying)
        assert not left, f"{host}, these are left:\n" + "\n".join(left)
