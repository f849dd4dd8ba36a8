"""A host for the preflight: real namespaces, addresses, routes and sockets; programs that are not here by stubs.

Nothing outside the namespaces is changed: /etc and /var/lib are overlays whose upper parts are in memory.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.remote import host_files
from tests.hosts.scripts.stubs import stub

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a host of its own needs root and namespaces")
KUBERNETES = (
    "members=0123", "roles=control-plane,etcd,worker", "wireguard=51820", "mesh=192.168.0.0/24", "pods=10.233.64.0/18",
    "services=10.233.0.0/18", "tcp=2379,2380,6443,10250", "engine=containerd", "cgroup=2", "ipv6=yes", "resolver=yes",
    "memory=1", "disk=1",
)  # fmt: skip
"""Requirements of a control-plane node; memory and disk are those that every machine has."""
MESH = ("members=0123", "wireguard=51820", "mesh=192.168.0.0/24", "disk=1")
"""Requirements of a host where no Kubernetes follows."""
_HOST = r"""
set -e
mount --make-rprivate /
mount -t sysfs none /sys
for place in /mnt /run /sys/fs; do mount -t tmpfs none $place; done
for part in etc var/lib; do
    mkdir -p /mnt/$part/upper /mnt/$part/work
    mount -t overlay none -o lowerdir=/$part,upperdir=/mnt/$part/upper,workdir=/mnt/$part/work /$part
done
mkdir -p /run/systemd/system /sys/fs/cgroup /sys/fs/selinux
mount -t cgroup2 none /sys/fs/cgroup
rm -rf /etc/resolv.conf /etc/kubernetes /etc/etcd.env /etc/wireguard /var/lib/kubelet
mkdir -p /etc/kubernetes/manifests /etc/wireguard
echo nameserver 192.0.2.53 >/etc/resolv.conf
ip link set lo up
link() { ip link add "$1" type veth peer name "p.$1"; ip link set "p.$1" up; ip link set "$1" up; }
link eth0
ip address add 192.0.2.11/24 dev eth0
ip route add default via 192.0.2.1 dev eth0
# listen PROGRAM PORT [ADDRESS [udp]]: a program of this name has the port when this returns.
listen() {
    ln -sf /usr/bin/python3 /run/"$1"
    /run/"$1" -I - "$2" "${3:-::}" "${4:-tcp}" <<'END'
import os, signal, socket, sys
port, address, kind = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
one = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
one.bind((address, int(port)))
if kind == "tcp":
    one.listen()
if os.fork() == 0:
    os.closerange(0, 3)
    signal.pause()
END
}
our_wg0() {
    link wg0
    ip address add 192.168.0.2/24 dev wg0
    printf '# stretched: written by pulumi up\n[Interface]\nAddress = 192.168.0.2/24\nListenPort = 51820\n' >/etc/wireguard/wg0.conf
}
our_kubelet() { echo 'KUBELET_ADDRESS="--node-ip=192.168.0.2"' >/etc/kubernetes/kubelet.env; }
export PATH={bin}:/usr/sbin:/usr/bin:/sbin:/bin
"""


@dataclass(frozen=True)
class PreflightHost:
    """A host whose stubs are in `bin`; units that systemctl knows as running are in `units`, a line each."""

    place: Path

    @property
    def bin(self) -> Path:
        return self.place / "bin"

    def make(self) -> "PreflightHost":
        """Make the stubs of a host with nothing on it; return it."""
        self.bin.mkdir()
        units = self.place / "units"
        units.touch()
        stub(self.bin, "systemctl", f'shift; [ "$1" != --quiet ] || shift; grep -qx "$1" {units}')
        stub(self.bin, "sshd", "echo subsystem sftp internal-sftp")
        stub(self.bin, "timedatectl", "echo yes")
        for name in ("apt-get", "modprobe"):
            stub(self.bin, name)
        return self

    def runs(self, *units: str) -> None:
        """Let systemd run units."""
        (self.place / "units").write_text("".join(f"{unit}\n" for unit in units), encoding="utf-8")

    def preflight(
        self, change: str = "", words: tuple[str, ...] = KUBERNETES, shell: str = "sh"
    ) -> tuple[list[str], list[str]]:
        """Change the host by a script, then run the preflight in a shell; return its obstacles and its notes.

        The last line and the status are compared with them.
        """
        script = f'{_HOST.replace("{bin}", str(self.bin))}\n{change}\nset +e\n{shell} -s -- "$@"\nexit $?'
        done = subprocess.run(
            ["unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", script, "sh", *words],
            input=host_files.preflight(), text=True, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        obstacles = [
            line.removeprefix("obstacle: ") for line in done.stderr.splitlines() if line.startswith("obstacle: ")
        ]
        notes = [line.removeprefix("note: ") for line in done.stdout.splitlines() if line.startswith("note: ")]
        rest = [line for line in done.stderr.splitlines() if not line.startswith("obstacle: ")]
        if obstacles:
            assert done.returncode == 1
            assert [line.partition(": ")[2] for line in rest] == [f"{len(obstacles)} obstacle(s), no host was changed"]
        else:
            assert (done.returncode, rest) == (0, []), done.stderr
            assert done.stdout.splitlines()[-1].startswith("ready: ")
        return obstacles, notes
