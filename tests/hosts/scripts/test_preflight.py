"""What the preflight reports of a host, and that a host with a living cluster of ours passes."""

from pathlib import Path

import pytest

from tests.hosts.scripts.preflight_host import KUBERNETES, MESH, NEEDS_ROOT, PreflightHost
from tests.hosts.scripts.stubs import stub

pytestmark = NEEDS_ROOT
PASSES: tuple[list[str], list[str]] = ([], [])
LIVING = """
our_wg0; our_kubelet
listen wireguard-go 51820 0.0.0.0 udp
listen kubelet 10250 192.168.0.2; listen etcd 2379 192.168.0.2; listen etcd 2380 192.168.0.2; listen kube-apiserver 6443
link cni0; ip address add 10.233.64.1/24 dev cni0
link vxlan.calico; ip address add 10.233.64.0/32 dev vxlan.calico
link kube-ipvs0; ip address add 10.233.0.1/32 dev kube-ipvs0
ip route add 10.233.65.0/24 dev vxlan.calico
ip route add blackhole 10.233.66.0/24
"""


@pytest.fixture
def host(tmp_path: Path) -> PreflightHost:
    return PreflightHost(tmp_path).make()


def test_a_new_host_passes(host: PreflightHost) -> None:
    assert host.preflight() == PASSES
    assert host.preflight(words=MESH) == PASSES


@pytest.mark.parametrize("shell", ["sh", "bash --posix"])
def test_a_living_cluster_of_ours_passes(host: PreflightHost, shell: str) -> None:
    host.runs("kubelet.service", "containerd.service")
    stub(host.bin, "ctr", "echo k8s.io")
    assert host.preflight(LIVING + "touch /etc/kubernetes/kubelet.conf", shell=shell) == PASSES


def test_the_same_programs_of_another_cluster_do_not(host: PreflightHost) -> None:
    """The only difference is what kubelet was told: its own address is none of the mesh."""
    host.runs("kubelet.service")
    obstacles, _ = host.preflight(
        LIVING.replace("our_kubelet", "echo --node-ip=192.0.2.11 >/etc/kubernetes/kubelet.env")
    )
    # wg0 itself is ours, and has an address of the mesh; the file of kubelet has none.
    told = " ".join(obstacles)
    for text in ("TCP 10250", "TCP 2379", "TCP 6443", "10.233.64.1/24 of the device cni0", "a kubelet is here"):
        assert text in told


def test_after_a_change_of_the_meshs_range_the_cluster_is_still_ours(host: PreflightHost) -> None:
    words = tuple(word.replace("mesh=192.168.0.0/24", "mesh=192.168.9.0/24") for word in KUBERNETES)
    host.runs("kubelet.service")
    assert host.preflight(LIVING, words) == PASSES


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("listen nginx 6443", "TCP 6443, which Kubernetes needs, is in use by nginx (process "),
        ("listen nginx 6443 127.0.0.1", "TCP 6443, which Kubernetes needs, is in use by nginx (process "),
        ("listen etcd 2379 192.0.2.11", "TCP 2379, which Kubernetes needs, is in use by etcd (process "),
        ("listen kubelet 10250", "TCP 10250, which Kubernetes needs, is in use by kubelet (process "),
        ("our_wg0; our_kubelet; listen mine 10250", "TCP 10250, which Kubernetes needs, is in use by mine (process "),
        ("listen openvpn 51820 0.0.0.0 udp", "UDP 51820, for WireGuard, is in use by openvpn (process "),
        ("listen openvpn 51820 127.0.0.1 udp", "UDP 51820, for WireGuard, is in use by openvpn (process "),
    ],
)
def test_a_port_in_use_is_reported_with_the_process(host: PreflightHost, change: str, text: str) -> None:
    obstacles, _ = host.preflight(change)
    assert [line[: len(text)] for line in obstacles] == [text]


def test_a_socket_of_the_kernel_has_no_process(host: PreflightHost) -> None:
    """As another WireGuard interface in the kernel: VXLAN's socket is such a one."""
    change = "ip link add other type vxlan id 7 dstport 51820 local 192.0.2.11; ip link set other up"
    obstacles, _ = host.preflight(change)
    assert len(obstacles) == 1
    assert "UDP 51820, for WireGuard, is in use by the kernel" in obstacles[0]
    assert "wg show" in obstacles[0]


def test_ports_that_nobody_declared_are_nobodys_business(host: PreflightHost) -> None:
    assert host.preflight("listen nginx 443; listen dns 53 127.0.0.1 udp; listen nginx 51820") == PASSES


def test_a_port_of_a_service_is_in_use_at_its_address_only(host: PreflightHost) -> None:
    words = (*MESH, "served=443@192.0.2.11,443@2001:db8::1")
    assert "TCP 443, which a service" in host.preflight("listen nginx 443 192.0.2.11", words)[0][0]
    assert "TCP 443, which a service" in host.preflight("listen nginx 443", words)[0][0]
    assert host.preflight("listen nginx 443 127.0.0.1", words) == PASSES
    ours = "mkdir -p /etc/systemd/system; touch /etc/systemd/system/stretched-services.service; listen haproxy 443"
    assert host.preflight(ours, words) == PASSES


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("ip address add 192.168.0.15/24 dev eth0", "192.168.0.15/24 of the device eth0 overlaps mesh.cidr 192.168.0.0/24"),
        (
            "ip address add 192.168.0.15/24 dev eth0 noprefixroute; "
            "ip route add 192.168.0.0/24 dev eth0 proto kernel src 192.168.0.15 metric 100",
            "192.168.0.15/24 of the device eth0 overlaps mesh.cidr 192.168.0.0/24",
        ),
        ("ip route add 192.168.0.128/25 via 192.0.2.1", "192.168.0.128/25 of the device eth0 overlaps mesh.cidr"),
        ("ip route add 192.168.0.7 via 192.0.2.1", "192.168.0.7 of the device eth0 overlaps mesh.cidr"),
        ("ip address add 10.233.0.9/32 dev lo", "10.233.0.9/32 of the device lo overlaps kubernetes.serviceCidr"),
        ("link docker0; ip address add 10.233.70.1/20 dev docker0", "10.233.70.1/20 of the device docker0 overlaps kubernetes.podCidr"),
        ("link cni0; ip address add 10.233.64.1/24 dev cni0", "10.233.64.1/24 of the device cni0 overlaps kubernetes.podCidr"),
        ("ip address add 10.8.0.1/8 dev eth0", "10.8.0.1/8 of the device eth0 overlaps kubernetes.podCidr"),
        ("ip address add 10.9.9.9 peer 192.168.0.3 dev eth0", "192.168.0.3/32 of the device eth0 overlaps mesh.cidr"),
    ],
)  # fmt: skip
def test_an_overlapping_network_is_an_obstacle(host: PreflightHost, change: str, text: str) -> None:
    obstacles, _ = host.preflight(change)
    assert text in obstacles[0]
    assert "choose another " in obstacles[0]


def test_networks_beside_the_ranges_and_default_routes_pass(host: PreflightHost) -> None:
    beside = "ip address add 192.168.1.1/24 dev eth0; ip address add 10.233.128.1/18 dev eth0; ip route add 192.167.0.0/16 via 192.0.2.1; "
    assert (
        host.preflight(beside + "ip route add 0.0.0.0/1 via 192.0.2.1; ip route add 128.0.0.0/1 via 192.0.2.1")
        == PASSES
    )
    only_mesh = "link docker0; ip address add 10.233.70.1/20 dev docker0"
    assert host.preflight(only_mesh, MESH) == PASSES


def test_a_wider_route_through_a_gateway_is_a_note(host: PreflightHost) -> None:
    obstacles, notes = host.preflight("ip route add 192.168.0.0/16 via 192.0.2.1")
    assert not obstacles
    assert notes == [
        "mesh.cidr 192.168.0.0/24, a part of 192.168.0.0/16 that is routed through eth0, will not be reached there any more"
    ]


def docker(host: PreflightHost, containers: int, images: int, volumes: int) -> None:
    host.runs("docker.service")
    numbers = f"ps) n={containers};; images) n={images};; volume) n={volumes};;"
    stub(host.bin, "docker", f'case $1 in {numbers} esac; while [ "$n" -gt 0 ]; do echo x$n; n=$((n - 1)); done')


def test_docker_with_anything_in_it_is_an_obstacle(host: PreflightHost) -> None:
    for numbers in ((2, 1, 0), (0, 0, 1), (0, 1, 0)):
        docker(host, *numbers)
        obstacles, _ = host.preflight()
        what = "{} container(s), {} image(s) and {} volume(s)".format(*numbers)
        assert len(obstacles) == 1
        assert f"Docker is here with {what}, and Kubespray would remove Docker and all of them" in obstacles[0]


def test_docker_that_does_not_answer_is_an_obstacle(host: PreflightHost) -> None:
    host.runs("docker.socket")
    stub(host.bin, "docker", "echo cannot connect >&2; exit 1")
    assert "Docker is here with containers, images and volumes that it did not list" in host.preflight()[0][0]


def test_an_empty_docker_is_a_note_and_one_that_stays_is_nothing(host: PreflightHost) -> None:
    docker(host, 0, 0, 0)
    assert host.preflight() == ([], ["Docker is here without containers, images or volumes: Kubespray will remove it"])
    docker(host, 1, 1, 1)
    assert host.preflight(words=(*KUBERNETES, "engine=docker")) == PASSES
    assert host.preflight(words=MESH) == PASSES


def test_podman_is_harmless(host: PreflightHost) -> None:
    """Also where podman-docker gives it Docker's name."""
    host.runs("podman.service")
    for name in ("docker", "podman"):
        stub(host.bin, name, "echo a container")
    assert host.preflight() == PASSES


def test_containers_of_containerd_outside_our_cluster_are_an_obstacle(host: PreflightHost) -> None:
    stub(host.bin, "ctr", 'case $1 in namespaces) echo default; echo moby;; *) [ "$2" = moby ] || echo one;; esac')
    obstacles, _ = host.preflight()
    assert len(obstacles) == 1
    assert "containerd has 1 container(s) in the namespace default" in obstacles[0]
    assert host.preflight("our_wg0; our_kubelet") == PASSES, "Kubespray's own containerd is there"
    assert host.preflight(words=MESH) == PASSES
    stub(host.bin, "ctr", "[ $1 != namespaces ] || echo default")
    assert host.preflight() == PASSES


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("crio.service", "CRI-O runs here"),
        ("k3s.service", "another Kubernetes is here, k3s.service"),
        ("k3s-agent.service", "another Kubernetes is here, k3s-agent.service"),
        ("rke2-server.service", "another Kubernetes is here, rke2-server.service"),
        ("snap.microk8s.daemon-kubelite.service", "another Kubernetes is here, snap.microk8s"),
        ("kubelet.service", "a kubelet is here that has no address of this mesh"),
    ],
)
def test_another_kubernetes_is_an_obstacle_where_ours_is_declared(host: PreflightHost, unit: str, text: str) -> None:
    host.runs(unit)
    obstacles, _ = host.preflight()
    assert [line[: len(text)] for line in obstacles] == [text]
    assert host.preflight(words=MESH) == PASSES


def test_a_stopped_kubeadm_cluster_is_an_obstacle(host: PreflightHost) -> None:
    obstacles, _ = host.preflight("echo 'server: https://192.0.2.77:6443' >/etc/kubernetes/kubelet.conf")
    assert "a kubelet is here" in obstacles[0]


@pytest.mark.parametrize("shell", ["sh", "bash --posix"])
def test_everything_is_reported_at_once(host: PreflightHost, shell: str) -> None:
    docker(host, 1, 0, 0)
    stub(host.bin, "sshd", "exit 0")
    obstacles, _ = host.preflight(
        "listen nginx 6443; ip address add 192.168.0.15/24 dev eth0; umount /sys/fs/cgroup; : >/etc/resolv.conf; touch /etc/wireguard/wg0.conf",
        shell=shell,
    )
    for text in (
        "Docker",
        "sshd has no SFTP",
        "TCP 6443",
        "overlaps mesh.cidr",
        "cgroup v1",
        "no name server",
        "wg0.conf",
    ):
        assert len([line for line in obstacles if text in line]) == 1
    assert len(obstacles) == 7


def test_an_unknown_requirement_is_an_obstacle(host: PreflightHost) -> None:
    assert "does not know the requirement portss=1" in host.preflight(words=(*MESH, "portss=1"))[0][0]
