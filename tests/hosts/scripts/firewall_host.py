"""A host with real firewalld and real ufw in namespaces of its own, on a root file system that the cache keeps.

Nothing runs in this machine's own network, and nothing is installed on it but mmdebstrap. The host has no systemd:
systemctl and systemd-run are stubs that note their words in /ran. Devices are pairs of veth; behind each is a network
namespace: `outside` behind eth0, `peer` behind wg0, `pod` behind cali1, and `pod2`, of another node, behind vxlan.calico.
"""

import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.model.files.open_conf import open_conf
from components.model.firewall.needs import POD_DEVICES, Needs
from components.remote import host_files
from tools import cache, debian
from tools.progress import run

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="firewalld and ufw need root, in namespaces of their own")
PORT = 51820
OUTSIDE, ON_WG0, POD, POD2 = "192.0.2.1", "192.168.0.1", "10.233.64.2", "10.233.65.2"
"""The host's address at eth0, its address at wg0, and those of the pods."""
_PACKAGES = ("firewalld", "ufw", "nftables", "iptables", "iproute2", "dbus", "python3", "procps")
_BUNDLE = "/var/lib/stretched-uploads/node/current"
_BUS = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""
_STUBS = {
    "systemctl": 'echo "systemctl $*" >>/ran',
    "systemd-run": 'while [ "${1#/}" = "$1" ]; do shift; done; echo "$*" >/timer',
    "wg": "exit 0",
    # Counts the calls.
    "firewall-cmd": 'echo "firewall-cmd $*" >>/ran; exec /usr/bin/firewall-cmd "$@"',
}
_ENTER = """
set -e
mount --make-rprivate /
mount -t tmpfs none {work}
mkdir {work}/upper {work}/work {work}/root
mount -t overlay overlay -o lowerdir={root},upperdir={work}/upper,workdir={work}/work {work}/root
cd {work}/root
mount -t proc proc proc; mount -t sysfs sys sys; mount --rbind /dev dev
for part in run tmp; do mount -t tmpfs none $part; done
cp -r {files}/. .
exec chroot . sleep infinity
"""
_LINKS = f"""
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
link() {{ # DEVICE NAMESPACE ADDRESS OTHER: the address is the host's
    ip netns add $2
    ip link add $1 type veth peer name eth0 netns $2
    ip address add $3/24 dev $1; ip link set $1 up
    ip -n $2 link set lo up; ip -n $2 address add $4/24 dev eth0; ip -n $2 link set eth0 up
    ip -n $2 route add default via $3
}}
link eth0 outside {OUTSIDE} 192.0.2.9
link wg0 peer {ON_WG0} 192.168.0.2
link cali1 pod 10.233.64.1 {POD}
link vxlan.calico pod2 10.233.65.1 {POD2}
"""
_SERVE = "import socket, time; s = [socket.create_server(('', p)) for p in (22, 53, 6443, 8080)]; time.sleep(600)"
_ASK = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"


def _root() -> Path:
    """Return the root file system, made if the cache does not have it."""

    def make(target: Path) -> None:
        debian.ensure(["mmdebstrap"])
        words = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(_PACKAGES)}"]
        left_out = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
        run([*words, *left_out, "bookworm", str(target / "root")])

    return cache.entry(f"firewalls/{cache.digest(repr(_PACKAGES))}", make) / "root"


class FirewallHost:
    """The host, running."""

    def __init__(self, pid: int) -> None:
        """`pid` is its first process."""
        self._pid = pid

    def sh(self, script: str, *, check: bool = True) -> str:
        """Run a script as root; return what it printed on both streams."""
        words = ["nsenter", "-t", str(self._pid), "-m", "-n", "-p", "-r", "-w"]
        path = "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            [*words, "env", "-i", path, "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket", "sh", "-euc", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{script}:\n{done.stdout}"
        return done.stdout

    def fails(self, script: str) -> str:
        """Run a script that must fail; return what it printed."""
        return self.sh(f"if ({script}); then echo it succeeded; exit 1; fi")

    def run(self, script: str, *words: str) -> str:
        """Run one of the node's scripts."""
        return self.sh(f"sh {_BUNDLE}/{script} {shlex.join(words)}")

    def declare(self, port: int = PORT, *, pods: bool = True, relay: bool = False, in_force: int | None = None) -> None:
        """Write the node's configuration, and the one of wg0 that is in force."""
        needs = Needs(port, ("wg0",), POD_DEVICES if pods else ())
        texts = {
            f"{_BUNDLE}/open.conf": open_conf(needs),
            f"{_BUNDLE}/wg0.public.conf": f"{'# relay: x' if relay else ''}\n[Interface]\nListenPort = {port}\n",
            "/etc/wireguard/wg0.conf": f"[Interface]\nListenPort = {in_force or port}\n",
        }
        self.sh("mkdir -p /etc/wireguard")
        for path, text in texts.items():
            self.sh(f"printf %s {shlex.quote(text)} >{path}")

    def start_firewalld(self) -> None:
        """Start firewalld and wait until it answers."""
        self.sh("firewalld --nofork --nopid >/run/firewalld.log 2>&1 & echo $! >/run/firewalld.pid")
        self.sh(
            "for i in $(seq 300); do /usr/bin/firewall-cmd --state >/dev/null 2>&1 && exit; sleep 0.2; done; exit 1"
        )

    def stop_firewalld(self) -> None:
        """Stop firewalld and wait until it is gone."""
        self.sh("kill $(cat /run/firewalld.pid)")
        self.sh(
            "for i in $(seq 300); do /usr/bin/firewall-cmd --state >/dev/null 2>&1 || exit 0; sleep 0.2; done; exit 1"
        )

    def reached(self, *paths: tuple[str, str, int]) -> list[tuple[str, str, int]]:
        """Return those of the paths, from a namespace to an address and a port, by which a TCP connection succeeds."""
        ask = shlex.quote(_ASK)
        asked = [
            f"{{ ! ip netns exec {place} python3 -c {ask} {address} {port} >/dev/null 2>&1 || echo {number}; }} &"
            for number, (place, address, port) in enumerate(paths)
        ]
        return [paths[int(number)] for number in sorted(self.sh("\n".join([*asked, "wait"])).split(), key=int)]

    def reaches(self, place: str, address: str, port: int) -> bool:
        """Tell whether a TCP connection succeeds."""
        return bool(self.reached((place, address, port)))

    def hears(self, port: int, address: str = OUTSIDE) -> bool:
        """Tell whether a datagram from outside comes through the firewall to a UDP port."""
        listen = f"import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', {port})); open('/tmp/up', 'w'); s.settimeout(2); s.recv(9)"
        send = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('{address}', {port}))"
        return self.sh(f"""
            rm -f /tmp/up
            python3 -c "{listen}" 2>/dev/null & pid=$!
            while [ ! -e /tmp/up ]; do sleep 0.05; done
            ip netns exec outside python3 -c "{send}"
            wait $pid && echo yes || echo no
        """).strip() == "yes"  # fmt: skip

    def calls(self) -> list[str]:
        """Return the calls of firewall-cmd since the last time."""
        noted = self.sh("[ ! -e /ran ] || cat /ran; rm -f /ran").splitlines()
        return [line for line in noted if line.startswith("firewall-cmd ")]


@contextmanager
def firewall_host(directory: Path) -> Iterator[FirewallHost]:
    """Yield a host without any firewall in force; programs listen at TCP 22, 53, 6443 and 8080, in the pods at 8080."""
    files, work = directory / "files", directory / "work"
    current = files / _BUNDLE.lstrip("/")
    bundle = current.with_name("x")
    for path in (bundle, work, files / "usr/local/sbin", files / "run/dbus", files / "etc/systemd/system"):
        path.mkdir(parents=True)
    current.symlink_to("x")
    for name, content in host_files.scripts("node").items():
        (bundle / name).write_bytes(content)
    (bundle / "authorized_keys").write_text("ssh-ed25519 AAAA stretched-deployer\n", encoding="utf-8")
    (files / "run/bus.conf").write_text(_BUS, encoding="utf-8")
    for name, text in _STUBS.items():
        path = files / "usr/local/sbin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    script = _ENTER.format(work=work, root=_root(), files=files)
    words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as holder:
        try:
            host = FirewallHost(_first_process(holder))
            host.sh("dbus-daemon --config-file=/run/bus.conf --fork")
            host.sh(_LINKS)
            host.declare()
            serving = [f"python3 -c {shlex.quote(_SERVE)}"]
            serving += [f"ip netns exec {pod} {serving[0]}" for pod in ("pod", "pod2")]
            for program in serving:
                host.sh(f"{program} >/dev/null 2>&1 &")
            host.sh(
                "for i in $(seq 300); do [ $(ss -Hltn sport = :8080 | wc -l) = 1 ] && exit; sleep 0.1; done; exit 1"
            )
            for pod in ("pod", "pod2"):
                host.sh(
                    f"for i in $(seq 300); do ip netns exec {pod} ss -Hltn | grep -q :8080 && exit; sleep 0.1; done; exit 1"
                )
            yield host
        finally:
            holder.kill()


def _first_process(holder: "subprocess.Popen[bytes]") -> int:
    """Wait until the host has its root; return the process that holds its namespaces."""
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    end = time.monotonic() + 60
    while time.monotonic() < end and holder.poll() is None:
        for child in map(int, children.read_text(encoding="ascii").split()):
            if Path(f"/proc/{child}/comm").read_text(encoding="ascii") == "sleep\n":
                return child
        time.sleep(0.02)
    pytest.fail("the host's namespaces could not be made")
