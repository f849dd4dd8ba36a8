"""What the preflight reports of the system itself: kernel, memory, disk, resolver, sshd; and its notes."""

from pathlib import Path

import pytest

from tests.hosts.scripts.preflight_host import KUBERNETES, MESH, NEEDS_ROOT, PreflightHost
from tests.hosts.scripts.stubs import stub

pytestmark = NEEDS_ROOT
PASSES: tuple[list[str], list[str]] = ([], [])


@pytest.fixture
def host(tmp_path: Path) -> PreflightHost:
    return PreflightHost(tmp_path).make()


def without(key: str) -> tuple[str, ...]:
    """The requirements of a control-plane node without one."""
    return tuple(word for word in KUBERNETES if not word.startswith(f"{key}="))


@pytest.mark.parametrize(
    ("change", "key", "text"),
    [
        ("umount /sys/fs/cgroup", "cgroup", "the system has cgroup v1, and this Kubernetes needs v2: boot with"),
        ("mount -t tmpfs none /proc/sys/net", "ipv6", "the kernel has no IPv6, and the API server listens on ::: boot"),
        ("echo search example.org >/etc/resolv.conf", "resolver", "/etc/resolv.conf has no name server: configure one"),
        ("rm /etc/resolv.conf", "resolver", "/etc/resolv.conf has no name server: configure one"),
    ],
)
def test_what_kubernetes_needs_is_an_obstacle_only_where_it_needs_it(
    host: PreflightHost, change: str, key: str, text: str
) -> None:
    obstacles, _ = host.preflight(change)
    assert [line[: len(text)] for line in obstacles] == [text]
    assert host.preflight(change, without(key)) == PASSES


def test_too_little_memory_is_an_obstacle(host: PreflightHost) -> None:
    change = "echo 'MemTotal: 1400000 kB' >/mnt/meminfo; mount --bind /mnt/meminfo /proc/meminfo"
    obstacles, _ = host.preflight(change, (*KUBERNETES, "memory=1500"))
    assert len(obstacles) == 1
    assert obstacles[0].startswith("1367 MB of memory, and Kubespray refuses less than 1500 MB")
    assert host.preflight(change, (*KUBERNETES, "memory=1024")) == PASSES


def test_too_little_room_is_an_obstacle_on_a_new_node_and_a_note_on_a_living_one(host: PreflightHost) -> None:
    full = "mkdir -p /var/lib/containerd; mount -t tmpfs -o size=10m none /var/lib/containerd; "
    words = (*KUBERNETES, "disk=20")
    what = "10 MB are free below /var/lib/containerd, fewer than the 20 MB of a new node"
    assert host.preflight(full, words) == ([f"{what}: make room, or mount a larger disk there"], [])
    assert host.preflight(full + "our_wg0; our_kubelet", words) == ([], [what])


def test_an_sftp_server_that_is_not_there_is_an_obstacle(host: PreflightHost) -> None:
    stub(host.bin, "sshd", "echo port 22; echo Subsystem sftp /usr/lib/none/sftp-server")
    assert (
        "sshd's SFTP server /usr/lib/none/sftp-server is missing: install openssh-sftp-server" in host.preflight()[0][0]
    )
    stub(host.bin, "sshd", "echo port 22")
    assert "sshd has no SFTP: write `Subsystem sftp internal-sftp`" in host.preflight(words=MESH)[0][0]
    stub(host.bin, "sshd", "exit 255")
    assert host.preflight() == PASSES, "nothing is known"
    stub(host.bin, "sshd", f"echo subsystem sftp {host.bin}/sshd")
    assert host.preflight() == PASSES


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("echo 1 >/sys/fs/selinux/enforce", "SELinux is enforcing"),
        ("mount -t tmpfs none /proc/sys; mkdir -p /proc/sys/net/ipv6/conf/all /proc/sys/crypto; echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
         "echo 1 >/proc/sys/crypto/fips_enabled", "the system is in FIPS mode"),
        ("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6", "IPv6 is switched off by the sysctl"),
        ("ln -s /usr/bin/true /run/needrestart; PATH=$PATH:/run", "needrestart is installed"),
    ],
)  # fmt: skip
def test_notes_do_not_stop(host: PreflightHost, change: str, text: str) -> None:
    obstacles, notes = host.preflight(change)
    assert not obstacles
    assert [note[: len(text)] for note in notes] == [text]


def test_a_clock_without_a_source_is_a_note(host: PreflightHost) -> None:
    stub(host.bin, "timedatectl", "echo no")
    assert "the clock is not synchronised: install and enable chrony" in host.preflight(words=MESH)[1][0]
    stub(host.bin, "timedatectl", "echo Failed to connect to bus >&2; exit 1")
    assert host.preflight() == PASSES


def test_upgrades_without_an_administrator_are_a_note(host: PreflightHost) -> None:
    host.runs("unattended-upgrades.service")
    assert "unattended-upgrades.service upgrades packages by itself" in host.preflight(words=MESH)[1][0]


def test_a_home_on_a_network_file_system_is_a_note(host: PreflightHost) -> None:
    stub(host.bin, "getent", "echo admin:x:1000:1000::/home/admin:/bin/sh")
    stub(host.bin, "stat", 'case $* in *" /home/admin") echo nfs;; *) exec /usr/bin/stat "$@";; esac')
    note = "the home of admin is on nfs: the deployer's SSH key will be valid on every host that has this home"
    assert host.preflight("export SUDO_USER=admin") == ([], [note])


def test_without_the_commands_of_the_checks_only_these_are_missing(host: PreflightHost) -> None:
    tools = "awk df grep ip sed sort stat timeout tr id cat uname find cmp tar flock setpriv getent ping head mktemp sha256sum sh"
    script = f"mkdir /run/tools; for tool in {tools}; do ln -s $(command -v $tool) /run/tools; done; PATH=/run/tools:{host.bin}"
    assert host.preflight(script) == (["the command ss is missing: install the package iproute2 (in RHEL iproute)"], [])


CAME_BY_2222 = "export SSH_CONNECTION='203.0.113.200 51000 10.1.0.11 2222'; listen sshd 2222"
"""Pulumi's connection, by a port that a router forwards to 2222."""


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_port_where_no_sshd_listens_is_an_obstacle_with_the_right_one(host: PreflightHost, shell: str) -> None:
    text = (
        "sshd listens on port 2222 of this host, and the deployer would try port 22 over wg0: "
        "write `ssh.meshPort: 2222` at this node or its site"
    )
    assert host.preflight(CAME_BY_2222, (*MESH, "sshd=22"), shell) == ([text], [])
    assert host.preflight(CAME_BY_2222, (*MESH, "sshd=2222"), shell) == PASSES
    assert host.preflight(f"{CAME_BY_2222}; listen sshd 22", (*MESH, "sshd=22"), shell) == PASSES, "on both"
    assert host.preflight("", (*MESH, "sshd=22"), shell) == PASSES, "run without SSH"
