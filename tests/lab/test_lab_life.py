"""A small lab of its own, from nothing to nothing: boot, WAN, NAT, reboot, damage of every kind, removal.

The tests run in the file's order on one lab, since a boot is the most expensive thing here.
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab import machine
from lab.layout import TREE
from lab.topology_file import load
from tests.lab.claim import claimed

pytestmark = [
    pytest.mark.long,
    pytest.mark.alone,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: namespaces, cgroups, network devices"),
]

FILE = TREE / "lab" / "topologies" / "t.yaml"
CGROUPS = Path("/sys/fs/cgroup")
TRACKER = CGROUPS / "unified" if (CGROUPS / "unified").is_dir() else CGROUPS
HOSTS = ("a1", "a2", "b1", "c1")
DEADLINE = 600.0
"""Seconds for anything that is awaited: on a busy machine all takes several times as long."""


def await_(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE:.0f} s: {what}"
        time.sleep(0.05)


class Lab:
    """The command line, used as people use it, with records in a directory of the tests' own."""

    def __init__(self, home: Path) -> None:
        self.state = home / "stretched-cluster" / "lab" / "t"
        self.environment = {**os.environ, "XDG_STATE_HOME": str(home), "PULUMI_STACK": "not-this-one"}

    def argv(self, *arguments: str, topology: Path = FILE) -> list[str]:
        return [sys.executable, "-m", "lab", "--topology", str(topology), *arguments]

    def command(self, *arguments: str, topology: Path = FILE, stdin: str = "") -> subprocess.CompletedProcess[str]:
        argv = self.argv(*arguments, topology=topology)
        return subprocess.run(
            argv, input=stdin, capture_output=True, text=True, check=False, cwd=TREE, env=self.environment, timeout=900
        )

    def up(self, topology: Path = FILE) -> str:
        done = self.command("up", topology=topology)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_up(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.argv("up"), cwd=TREE, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def sh(self, place: str, script: str) -> str:
        done = self.command("exec", place, "--", "sh", "-euc", script)
        assert done.returncode == 0, f"{place}: {script}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def fails(self, place: str, script: str) -> bool:
        return self.command("exec", place, "--", "sh", "-euc", script).returncode != 0

    def ssh(self, *command: str, host: str = "root@203.0.113.8", port: str = "2222") -> list[str]:
        access = self.state / "access"
        checked = ["-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={access / 'known_hosts'}"]
        quick = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-F", "/dev/null", "-i", str(access / "id_ed25519")]
        return ["ssh", *quick, *checked, "-p", port, host, *command]

    def status(self) -> tuple[int, dict[str, dict[str, str]]]:
        """Return the exit code and the table's rows by short names, their cells by the titles; WAN has what is said of it."""
        done = self.command("status")
        titles, *hosts, wan = done.stdout.splitlines() or ["", ""]
        cells = [dict(zip(re.split(r"\s{2,}", titles), re.split(r"\s{2,}", row), strict=False)) for row in hosts]
        rows = {row["HOST"].partition(".")[0]: row for row in cells}
        return done.returncode, {**rows, "WAN": {"WAN": wan.partition(": ")[2].partition(";")[0]}}

    def boots(self) -> dict[str, int]:
        return {
            name: int(json.loads((self.state / "hosts" / name / "run.json").read_text())["boots"]) for name in HOSTS
        }

    def leaf(self, name: str) -> list[int]:
        """Return the processes in and below one of the lab's cgroups, in the hierarchy where all of them are."""
        files = (TRACKER / "stretched-lab-t" / name).glob("**/cgroup.procs")
        return sorted(int(pid) for file in files for pid in file.read_text().split())


def leftovers() -> dict[str, set[str]]:
    """Return whatever on this machine names the lab t, and what labs change about the machine."""
    mounts = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    processes = set()
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes() + (directory / "cgroup").read_bytes()
            ended = b"State:\tZ" in (directory / "status").read_bytes()  # the machine's init reaps when it likes to
        except (FileNotFoundError, ProcessLookupError):
            continue
        if not ended and (b"sl-t-" in words or b"stretched-lab-t/" in words or b"/lab/t/" in words):
            processes.add(f"{directory.name} {words[:80]!r}")
    netns = Path("/run/netns")
    return {
        "processes": processes,
        "mounts": {mount for mount in mounts if "sl-t-" in mount or "/lab/t/" in mount},
        "namespaces": {path.name for path in netns.glob("sl-t-*")},
        "netns directory": {"there"} if netns.exists() else set(),
        "configuration": {str(path) for path in Path("/etc/netns").glob("sl-t-*")},
        "cgroups": {
            directory for directory, _, _ in os.walk("/sys/fs/cgroup") if "stretched-lab-t/" in directory + "/"
        },
        "links": {link.name for link in Path("/sys/class/net").iterdir()},
        "limits": {
            f"{key}={Path('/proc/sys', key.replace('.', '/')).read_text().strip()}"
            for key in machine.limits(load(FILE))
        },
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("state")
    with claimed(FILE, XDG_STATE_HOME=str(made)):
        yield made


@pytest.fixture(scope="module")
def before(home: Path) -> dict[str, set[str]]:  # noqa: ARG001 - what killed tests left behind is not counted
    return leftovers()


@pytest.fixture(scope="module")
def lab(home: Path, before: dict[str, set[str]]) -> Lab:
    assert not before["namespaces"], "a lab t is up already, made by somebody else"
    return Lab(home)


def test_a_lab_that_is_down_says_so(lab: Lab) -> None:
    assert lab.command("status").returncode == 1
    done = lab.command("exec", "a1", "--", "true")
    assert (done.returncode, done.stderr) == (2, "lab: the lab t is down: run `python -m lab up`\n")
    assert lab.command("down").returncode == 0


def test_an_up_killed_while_it_makes_the_network_leaves_what_down_removes(
    lab: Lab, before: dict[str, set[str]]
) -> None:
    half_made = lab.start_up()
    await_(lambda: Path("/run/netns/sl-t-router-left").exists(), "the first router")
    half_made.send_signal(signal.SIGKILL)
    half_made.wait()
    assert leftovers() != before
    assert lab.command("down").returncode == 0
    assert leftovers() == before


def test_an_up_killed_while_hosts_boot_is_finished_by_the_next_one(lab: Lab) -> None:
    half_made = lab.start_up()
    await_(lambda: any(lab.state.glob("hosts/*/console.log")), "the first host's console")
    half_made.send_signal(signal.SIGKILL)
    half_made.wait()
    lab.up()
    await_(lambda: lab.status()[0] == 0, "all up")
    _, table = lab.status()
    assert list(table) == [*HOSTS, "WAN"]
    assert {(table[name]["STATE"], table[name]["SSH"], table[name]["BOOTS"]) for name in HOSTS} == {
        ("running", "yes", "1")
    }


def test_up_is_harmless_when_all_is_up(lab: Lab) -> None:
    leaves = ("wan", *(f"supervisor-{name}" for name in HOSTS))
    running = {leaf: lab.leaf(leaf) for leaf in leaves}
    assert all(len(pids) == 1 for pids in running.values()), running
    lab.up()
    assert {leaf: lab.leaf(leaf) for leaf in leaves} == running
    assert set(lab.boots().values()) == {1}


def test_every_host_is_itself(lab: Lab) -> None:
    script = "hostname; hostname -f; cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; date +%Z"
    told = {name: lab.sh(name, script).splitlines() for name in HOSTS}
    for name, (host, full, _, _, zone) in told.items():
        assert (host, full, zone) == (f"{name}.lab.test", f"{name}.lab.test", "UTC")
    assert len({lines[2] for lines in told.values()}) == len({lines[3] for lines in told.values()}) == len(HOSTS)
    assert lab.sh("a1", "grep -c lab.test /etc/hosts") == "1"


def test_exec_gives_input_output_and_exit_code_and_root_s_own_environment(lab: Lab) -> None:
    done = lab.command("exec", "a1.lab.test", "--", "sh", "-c", "cat; echo err >&2; exit 7", stdin="in")
    assert (done.returncode, done.stdout, done.stderr) == (7, "in", "err\n")
    assert lab.sh("a1", 'echo "$HOME $USER $PWD ${PULUMI_STACK-none}"') == "/root root /root none"
    assert "there is no host a9; the hosts are a1, a2, b1, c1" in lab.command("exec", "a9", "--", "true").stderr


def test_hosts_are_fit_for_kubelet(lab: Lab) -> None:
    lab.sh("a1", "test -e /dev/kmsg; test -c /dev/net/tun; containerd config dump | grep -q 'SystemdCgroup = true'")
    assert lab.sh("a1", "cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic_on_oops").split() == ["1", "1"]
    lab.sh("a1", "ctr plugins ls | grep cri | grep -q ok")
    if Path("/sys/fs/cgroup/memory").is_dir():
        lab.sh("a1", "mkdir /sys/fs/cgroup/memory/x; rmdir /sys/fs/cgroup/memory/x")
    assert lab.sh("a1", "findmnt -no FSTYPE -T /var/lib/containerd") != "overlay"


def test_wireguard_tools_are_installed_from_the_local_repository_without_a_network(lab: Lab) -> None:
    assert lab.fails("a2", "command -v wg")
    lab.sh("a2", "apt-get -qq update; apt-get -qq install -y wireguard-tools; wg --version")


def test_a_packet_over_the_wan_takes_the_declared_delay_and_one_in_the_lan_does_not(lab: Lab) -> None:
    def fastest(host: str, address: str) -> float:
        answer = lab.command("exec", host, "--", "ping", "-q", "-c5", "-i0.1", "-W3", address).stdout
        found = re.search(r"= ([0-9.]+)/", answer)
        return float(found[1]) if found else math.inf

    def takes(host: str, address: str, milliseconds: float) -> None:
        """No packet is faster. A busy machine makes some slower, so one that is hardly slower is awaited."""

        def near() -> bool:
            seen = fastest(host, address)
            assert seen >= milliseconds
            return seen < milliseconds + 4

        await_(near, f"{host} -> {address} in {milliseconds} ms")

    takes("a1", "198.51.100.11", 30)
    takes("c1", "192.0.2.11", 40)
    takes("operator", "192.0.2.11", 4)
    takes("a1", "192.0.2.12", 0)


def test_from_behind_nat_one_gets_out_with_the_site_s_address(lab: Lab) -> None:
    listen = "import socket; s = socket.create_server(('', 999)); s.settimeout(300); print(s.accept()[1][0])"
    listener = subprocess.Popen(
        lab.argv("exec", "a1", "--", "python3", "-c", listen),
        stdout=subprocess.PIPE, text=True, cwd=TREE, env=lab.environment,
    )  # fmt: skip
    await_(lambda: not lab.fails("a1", "ss -Hltn | grep -q :999"), "the listener")
    lab.sh("c1", "python3 -c \"import socket; socket.create_connection(('192.0.2.11', 999), 120)\"")
    assert listener.communicate(timeout=300)[0] == "203.0.113.8\n"


def test_from_outside_one_does_not_get_behind_nat_but_by_the_forward(lab: Lab) -> None:
    connect = "python3 -c \"import socket; socket.create_connection(('{}', {}), 2)\""
    assert lab.fails("a1", connect.format("198.51.100.136", 22)), "the LAN's own address is not routed"
    assert lab.fails("operator", connect.format("203.0.113.8", 22)), "this port is not forwarded"
    # Even a packet that reaches the router for the inside address is not let in.
    lab.sh("router:left", "ip route add 198.51.100.136 dev wan0 src 192.0.2.1")
    assert lab.fails("a1", connect.format("198.51.100.136", 22))
    lab.sh("router:left", "ip route del 198.51.100.136 dev wan0 src 192.0.2.1")
    lab.sh("c1", connect.format("127.0.0.1", 22).replace(" 2)", " 120)"))
    assert lab.sh("operator", " ".join(lab.ssh("hostname"))) == "c1.lab.test"


def test_nothing_leads_out_of_the_lab(lab: Lab) -> None:
    for place in ("router:left", "router:right", "router:home", "operator"):
        links = lab.sh(place, "ls /sys/class/net").split()
        assert all(link in ("lo", "lan0", "wan0") or link.startswith("h-") for link in links), links
    assert "unreachable" in lab.command("exec", "operator", "--", "ping", "-c1", "-W1", "1.1.1.1").stderr
    captured = lab.sh("a1", "ping -c1 -W1 1.1.1.1 || true")
    assert "100% packet loss" in captured


def test_run_is_the_operator_s_place_without_a_name_server_and_with_pulumi_s_environment(lab: Lab) -> None:
    script = (
        'cat /etc/resolv.conf; echo "$PULUMI_BACKEND_URL"; cat "$PULUMI_CONFIG_PASSPHRASE_FILE"; echo; pwd; '
        'echo "${PULUMI_STACK-none}"; ip -4 -o address show wan0; exit 3'
    )
    done = lab.command("run", "sh", "-c", script)
    assert done.returncode == 3, done.stderr
    comment, backend, passphrase, directory, stack, address = done.stdout.splitlines()
    assert comment == "# The lab has no name server."
    assert backend == f"file://{lab.state}/access/pulumi"
    assert (passphrase, directory, stack) == ("lab", str(TREE), "none")
    assert "203.0.113.200/32" in address


def test_an_interrupt_ends_what_runs_in_the_operator_s_place(lab: Lab) -> None:
    sleeper = subprocess.Popen(
        ["env", "--default-signal=INT", *lab.argv("run", "sh", "-c", "echo ready; exec sleep 600")],  # as on a terminal
        stdout=subprocess.PIPE, text=True, cwd=TREE, env=lab.environment, start_new_session=True,
    )  # fmt: skip
    assert sleeper.stdout is not None
    assert sleeper.stdout.readline() == "ready\n"
    os.killpg(sleeper.pid, signal.SIGINT)
    assert sleeper.wait(timeout=120) == -signal.SIGINT


def test_access_files_are_the_operator_s_alone(lab: Lab) -> None:
    access = lab.state / "access"
    modes = {name: (access / name).stat().st_mode & 0o777 for name in (".", "id_ed25519", "passphrase")}
    assert modes == {".": 0o700, "id_ed25519": 0o600, "passphrase": 0o600}
    names = [line.split()[0] for line in (access / "known_hosts").read_text().splitlines()]
    assert names == [
        *("a1.lab.test,192.0.2.11", "a2.lab.test,192.0.2.12", "b1.lab.test,198.51.100.11"),
        "c1.lab.test,[203.0.113.8]:2222",
    ]


def test_a_host_with_another_key_than_the_known_one_counts_as_unreachable(lab: Lab) -> None:
    known = lab.state / "access" / "known_hosts"
    right = known.read_text()
    keys = [line.split()[2] for line in right.splitlines()]
    known.write_text(right.replace(keys[1], keys[0]))
    try:

        def refused() -> bool:
            code, table = lab.status()
            assert code == 1
            return "Host key verification failed" in table["a2"]["SSH"] and table["a1"]["SSH"] == "yes"

        await_(refused, "a2 is refused for its key, a1 is not")
    finally:
        known.write_text(right)


def test_loss_and_delay_change_while_the_lab_is_up(lab: Lab, tmp_path: Path) -> None:
    def lost() -> int:
        answer = lab.command("exec", "a1", "--", "ping", "-q", "-c200", "-i0.005", "-W1", "198.51.100.11").stdout
        return int(float(re.search(r"([0-9.]+)% packet loss", answer)[1]))  # type: ignore[index]

    document = yaml.safe_load(FILE.read_text())
    document["wan"]["links"][0].update(delay_ms=1, loss_percent=30)
    lossy = tmp_path / "lossy.yaml"
    lossy.write_text(yaml.safe_dump(document))
    # A busy machine loses some more, now and then.
    await_(lambda: lost() == 0, "no loss")
    lab.up(lossy)
    await_(lambda: 35 <= lost() <= 67, "51 % of the echoes of 30 % loss each way: 4.5 standard deviations around it")
    lab.up()
    await_(lambda: lost() == 0, "no loss again")
    assert set(lab.boots().values()) == {1}


def test_a_reboot_comes_back_with_the_disk_and_without_the_rest(lab: Lab) -> None:
    lab.sh("b1", "echo kept >/root/disk; echo gone >/run/memory; ip link add br9 type bridge; sync")
    old = lab.sh("b1", "cat /proc/sys/kernel/random/boot_id")
    lab.command("exec", "b1", "--", "systemctl", "reboot")
    await_(lambda: lab.boots()["b1"] == 2, "the second boot")
    await_(lambda: lab.status()[0] == 0, "all up")
    assert lab.sh("b1", "cat /root/disk; ls /run/memory 2>/dev/null || true; ls /sys/class/net").split() == [
        *("kept", "eth0", "lo")
    ]
    assert lab.sh("b1", "cat /proc/sys/kernel/random/boot_id") != old


def test_a_stopped_command_does_not_keep_a_host_from_its_reboot(lab: Lab) -> None:
    boots = lab.boots()["b1"]
    inside = "echo $$; exec sleep 1000"  # a shutdown stops all processes, too; here it has happened
    with subprocess.Popen(
        lab.argv("exec", "b1", "--", "sh", "-c", inside),
        cwd=TREE,
        env=lab.environment,
        text=True,
        stdout=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        lab.sh("b1", f"kill -STOP {int(command.stdout.readline())}; systemctl reboot")
        await_(lambda: lab.boots()["b1"] == boots + 1, "the next boot")
        assert command.wait(300) != 0
    await_(lambda: lab.status()[0] == 0, "all up")


def test_a_host_without_its_network_can_still_be_entered_and_is_not_called_up(lab: Lab) -> None:
    lab.sh("b1", "ip link set eth0 down")
    assert lab.sh("b1", "hostname") == "b1.lab.test"
    code, table = lab.status()
    assert code == 1
    assert table["b1"]["STATE"] == "running"
    assert table["b1"]["SSH"] != "yes"
    lab.sh("b1", "ip link set eth0 up; ip route add default via 198.51.100.1")
    await_(lambda: not lab.fails("b1", "ping -c1 -W2 192.0.2.11"), "the WAN again")
    await_(lambda: lab.status()[0] == 0, "all up")


def test_damage_is_seen_and_mended_by_up(lab: Lab) -> None:
    """A killed supervisor, a killed relay, a host that was switched off and a cleaned working tree at once."""
    boots = lab.boots()
    lab.sh("a1", "echo kept >/root/disk; sync")
    lab.command("exec", "a2", "--", "systemctl", "poweroff")
    for name in ("supervisor-a1", "wan"):
        for pid in lab.leaf(name):
            os.kill(pid, signal.SIGKILL)
    (lab.state / "access" / "id_ed25519").unlink()
    await_(lambda: not lab.leaf("supervisor-a2"), "the end of the host that was switched off")
    code, table = lab.status()
    assert code == 1
    assert (table["a1"]["STATE"], table["a2"]["STATE"], table["WAN"]["WAN"]) == ("unsupervised", "off", "down")
    assert "a1 has lost its supervisor" in lab.up()
    await_(lambda: lab.status()[0] == 0, "all up")
    assert lab.sh("a1", "cat /root/disk") == "kept"
    assert lab.boots() == {**boots, "a1": boots["a1"] + 1, "a2": boots["a2"] + 1}


def test_hosts_come_and_go_with_the_topology_and_sites_do_not(lab: Lab, tmp_path: Path) -> None:
    document = yaml.safe_load(FILE.read_text())
    del document["sites"]["left"]["hosts"]["a2.lab.test"]
    fewer = tmp_path / "fewer.yaml"
    fewer.write_text(yaml.safe_dump(document))
    assert "a2 is no longer in the topology" in lab.up(fewer)
    assert not Path("/run/netns/sl-t-a2").exists()
    assert not (lab.state / "hosts" / "a2").exists()
    assert lab.leaf("host-a1")
    document["sites"]["right"]["gateway"] = "198.51.100.2"
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(document))
    done = lab.command("up", topology=other)
    assert done.returncode == 2
    assert "the sites or the operator in the topology file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lab_of_another_tree_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    record = lab.state / "lab.json"
    own = record.read_text()
    record.write_text(json.dumps({**json.loads(own), "tree": str(tmp_path)}))
    try:
        for command in ("up", "down", "status"):
            done = lab.command(command)
            assert done.returncode == 2
            assert f"the lab t belongs to the tree {tmp_path}" in done.stderr
    finally:
        record.write_text(own)
    elsewhere = Lab(tmp_path)
    for command in ("up", "down"):
        done = elsewhere.command(command)
        assert done.returncode == 2
        assert "made by another user or with another XDG_STATE_HOME" in done.stderr
    assert lab.leaf("host-a1")


def test_down_leaves_nothing(lab: Lab, before: dict[str, set[str]]) -> None:
    assert all(lab.leaf(name) for name in ("wan", "supervisor-a1", "host-a1", "host-c1"))
    left_running = subprocess.Popen(lab.argv("exec", "operator", "--", "sleep", "600"), cwd=TREE, env=lab.environment)
    await_(lambda: left_running.pid in lab.leaf("places"), "something that runs at the operator's")
    assert lab.command("down").returncode == 0
    assert left_running.wait(timeout=120) == -signal.SIGKILL
    assert leftovers() == before
    assert not lab.state.exists()
    assert lab.command("status").returncode == 1
