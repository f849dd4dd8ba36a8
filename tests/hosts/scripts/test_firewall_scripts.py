"""The firewall of a host: its table, its confirmation, its way back. Hosts with firewalld or ufw are in files of their own."""

import os
import subprocess
from pathlib import Path

import pytest

from components.model.files.wireguard import RELAY
from components.remote import host_files
from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="firewall.sh takes a lock in /run, nft wants root's rights")
FACTS = "udp 51820\ntcp 6443\nssh 203.0.113.7/32\nssh 198.51.100.0/24\nssh 2001:db8::/32\nmesh 192.168.0.0/24\n"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A place with the scripts as they lie on a host; what stubs are called with is noted in `ran`."""
    for name in ("node", "bin", "units"):
        (tmp_path / name).mkdir()
    for file in NODE.iterdir():
        (tmp_path / "node" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "uploads/firewall/f").mkdir(parents=True)
    (tmp_path / "uploads/firewall/f/firewall.conf").write_text(FACTS, encoding="utf-8")
    (tmp_path / "node/wg0.public.conf").write_text("[Interface]\n", encoding="utf-8")
    (tmp_path / "node/open.conf").write_text("udp 51820\ndevice wg0\npods cali*\n", encoding="utf-8")
    for name in ("systemctl", "systemd-run"):
        stub(tmp_path / "bin", name, f'echo "{name} $*" >>{tmp_path}/ran')
    return tmp_path


def sh(host: Path, script: str, *, check: bool = True, ssh_connection: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script in a network namespace of its own, that of a host without an SSH connection."""
    done = subprocess.run(
        ["unshare", "--net", "env", "-i", f"PATH={host / 'bin'}:{os.environ['PATH']}", f"STRETCHED_UNITS={host / 'units'}",
         f"STRETCHED_ETC={host / 'etc'}", f"STRETCHED_UPLOADS={host / 'uploads'}", *([f"SSH_CONNECTION={ssh_connection}"] if ssh_connection else []), "sh", "-c", script],
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def sourced(host: Path, words: str) -> str:
    parts = "".join(
        f'. "{host}/node/{name}.sh"; here={host}/node; ' for name in ("lib", "relay", "others", "firewall_rules")
    )
    return parts + words


@ROOT
def test_the_kernel_takes_the_table_with_its_facts(host: Path) -> None:
    script = sourced(
        host,
        f"firewall_table {host}/uploads/firewall/f/firewall.conf | nft -f - && nft -s list table inet stretched_firewall",
    )
    told = sh(host, script).stdout
    for text in (
        "elements = { 51820 }",
        "elements = { 6443 }",
        "elements = { 198.51.100.0/24, 203.0.113.7 }",
        "elements = { 2001:db8::/32 }",
    ):
        assert text in told
    assert told.count("policy drop") == 2
    assert "wg0" not in told.split("set relay")[1].split("}")[0], "it is no relay"


@ROOT
def test_a_new_port_is_open_before_the_tunnels_change_and_the_old_one_until_they_have(host: Path) -> None:
    def ports(coming: int, in_force: int | None, relay: str = "") -> str:
        (host / "node/wg0.public.conf").write_text(f"[Interface]\n{relay}\n", encoding="utf-8")
        (host / "node/open.conf").write_text(f"udp {coming}\n", encoding="utf-8")
        if in_force:
            (host / "wg0.conf").write_text(f"[Interface]\nListenPort = {in_force}\n", encoding="utf-8")
        script = sourced(host, f"conf={host}/wg0.conf; whole_facts {host}/uploads/firewall/f/firewall.conf | sort -u")
        return " ".join(line for line in sh(host, script).stdout.splitlines() if line.split()[0] in ("udp", "relay"))

    assert ports(51820, None) == "udp 51820"
    assert ports(4500, 51820) == "udp 4500 udp 51820"
    assert ports(51820, 51820, RELAY) == "relay wg0 udp 51820"
    (host / "units/stretched-relay.service").touch()
    assert ports(51820, 51820) == "relay wg0 udp 51820", "until it is pruned"


@ROOT
def test_a_firewall_in_force_follows_the_tunnels_and_one_that_is_not_there_does_not_come(host: Path) -> None:
    sh(host, sourced(host, "firewall_follows"))
    assert not (host / "etc").exists()
    firewall = host / "etc/firewall"
    firewall.mkdir(parents=True)
    (firewall / "facts").write_text(FACTS, encoding="utf-8")
    loaded = f"firewall_table {firewall}/facts >{firewall}/rules.nft; nft -f {firewall}/rules.nft; firewall_follows"
    sh(host, sourced(host, loaded))
    assert not (host / "ran").exists(), "nothing to change"
    (host / "node/wg0.public.conf").write_text(f"[Interface]\n{RELAY}\n", encoding="utf-8")
    (host / "node/open.conf").write_text("udp 4500\n", encoding="utf-8")
    # What was uploaded and nobody has confirmed stays out of it.
    (host / "uploads/firewall/f/firewall.conf").write_text("udp 1\nssh 192.0.2.0/24\n", encoding="utf-8")
    sh(host, sourced(host, "firewall_follows"))
    rules = (firewall / "rules.nft").read_text(encoding="utf-8")
    assert "relay { wg0 }" in rules
    assert "udp_ports { 4500 }" in rules
    assert "192.0.2.0/24" not in rules
    assert "reload-or-restart stretched-firewall.service" in (host / "ran").read_text(encoding="utf-8")


@ROOT
def test_a_new_version_of_the_rules_waits_until_it_is_confirmed_and_a_table_that_was_flushed_comes_back(
    host: Path,
) -> None:
    """The new version has forgotten SSH, both in its template and in what it makes of the facts."""
    rules, node = host / "etc/firewall/rules.nft", host / "node"
    rules.parent.mkdir(parents=True)
    (rules.parent / "facts").write_text(f"{FACTS}sshport 22\n", encoding="utf-8")
    stub(host / "bin", "systemctl", f'[ "$*" != "reload-or-restart stretched-firewall.service" ] || nft -f {rules}')
    new_version = f"sed -i '/@ssh_ports/d' {node}/firewall.nft; sed -i '/ssh_from/d' {node}/firewall_rules.sh; "
    counted = "nft list table inet stretched_firewall | grep -c 'dport @ssh_ports\\|elements = { 203.0.113.7\\|elements = { 198.51' || :; "
    follow = f"{new_version} echo 'udp 4500' >{node}/open.conf; sh {host}/follow; "
    (host / "follow").write_text(sourced(host, "firewall_follows"), encoding="utf-8")
    begin = sourced(host, f"firewall_table {rules.parent}/facts >{rules}; nft -f {rules}; ")
    done = sh(host, f"{begin} {counted} {follow} {counted} nft flush ruleset; {counted} sh {host}/follow; {counted}")
    before, followed, flushed, back = done.stdout.splitlines()
    assert (before, flushed) == ("3", "0")
    assert followed == back == before
    assert "udp_ports { 4500 }" in rules.read_text(encoding="utf-8")


@ROOT
def test_what_is_not_confirmed_is_taken_back_and_what_is_confirmed_stays(host: Path) -> None:
    """One network namespace, and the timer's command is run at once where the script asks for it."""
    etc, script = host / "etc/firewall", host / "node/firewall.sh"
    stub(host / "bin", "systemd-run", f'while [ "${{1#/}}" = "$1" ]; do shift; done; echo "$@" >{host}/timer')
    stub(host / "bin", "systemctl", f'[ "$*" != "restart stretched-firewall.service" ] || nft -f {etc}/rules.nft')
    table = "nft list table inet stretched_firewall | grep -o 'token_.*[0-9]' || echo none"
    steps = "; ".join([
        *(f"sh {script} apply f a.1", table, f"sh {host}/timer", table, f"sh {script} confirm a.1 && echo kept"),
        *(f"sh {script} apply f a.2", f"sh {script} confirm a.2 && echo kept", table, f"sh {script} apply f a.2"),
        *(f"sh {script} apply f b.1", table, f"sh {host}/timer", table, f"sh {script} confirm b.1 && echo kept"),
        *(f"sh {script} remove", "nft list tables"),
    ])  # fmt: skip
    done = sh(host, steps)
    told = [line for line in done.stdout.splitlines() if not line.startswith("firewall: loaded")]
    assert told == [
        *("token_a.1", "none"),
        *("firewall: confirmed by a new connection and kept", "kept", "token_a.2", "firewall: nothing to change"),
        *("token_b.1", "token_a.2", "firewall: removed"),
    ]
    assert (
        done.stderr.count("the firewall's new rules were rolled back, because no new SSH connection arrived in time")
        == 2
    )
    assert not etc.exists()


@ROOT
def test_ranges_without_the_connection_that_it_runs_in_are_refused(host: Path) -> None:
    came = "192.0.2.77 5000 192.0.2.1 22"
    done = sh(host, f"sh {host}/node/firewall.sh apply f a.1; nft list tables", ssh_connection=came)
    assert "firewall.ssh would lock Pulumi out, which comes from 192.0.2.77: nothing was changed" in done.stderr
    assert done.stdout == ""
    # sudo takes the variable away; the process above still has it.
    done = sh(
        host, f"env -u SSH_CONNECTION sh {host}/node/firewall.sh apply f a.1; nft list tables", ssh_connection=came
    )
    assert "comes from 192.0.2.77" in done.stderr


@pytest.mark.parametrize(
    ("address", "ranges", "expected"),
    [
        ("203.0.113.200", "10.0.0.0/8 203.0.113.0/24", True),
        ("203.0.113.200", "203.0.113.0/25", False),
        ("203.0.113.200", "203.0.113.200/32", True),
        ("203.0.113.201", "203.0.113.200/32", False),
        ("203.0.113.200", "0.0.0.0/0", True),
        ("203.0.113.200", "::/0", False),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64", True),
        ("2001:db8:0:1::7", "2001:db8:0:2::/63", False),
        ("2001:db8:0:1::7", "2001:db8::/63", True),
        ("2001:db8:ffff:1:2:3:4:5", "2001:db8:ffff:1:2:3:4:5/128", True),
        ("2001:db8:ffff:1:2:3:4:5", "2001:db8:ffff:1:2:3:4:4/128", False),
        ("fe80::1%eth0", "fe80::/10", True),
        ("::1", "::/127", True),
    ],
)
def test_whether_an_address_is_in_a_range(address: str, ranges: str, expected: bool) -> None:
    done = subprocess.run(["sh", "-euc", f". {NODE}/login.sh; inside {address} {ranges}"], check=False)
    assert (done.returncode == 0) is expected


def test_the_preflight_names_the_address_that_would_be_locked_out() -> None:
    def obstacles(*ranges: str) -> str:
        environment = {**os.environ, "SSH_CONNECTION": "192.0.2.77 5000 192.0.2.1 22"}
        words = ["sh", "-s", "--", f"ssh={','.join(ranges)}"]
        whole = host_files.preflight()
        return subprocess.run(words, input=whole, env=environment, text=True, capture_output=True, check=False).stderr

    told = "firewall.ssh would lock Pulumi out: it comes from 192.0.2.77, which is in none of 203.0.113.0/24 10.0.0.0/8"
    assert told in obstacles("203.0.113.0/24", "10.0.0.0/8")
    assert "firewall.ssh" not in obstacles("203.0.113.0/24", "192.0.2.0/24")
    assert "firewall.ssh" not in obstacles()
