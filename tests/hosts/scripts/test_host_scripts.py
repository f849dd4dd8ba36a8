"""The scripts of hosts, as far as they can be tried without one: text in, text out; package managers by stubs."""

import os
import subprocess
from pathlib import Path

import pytest

from components.remote import host_files
from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"

PUBLIC = """\
[Interface]
# a.example.org
Address = 192.168.0.1/24
ListenPort = 51820
MTU = 1420

[Peer]
# b.example.org
PublicKey = B
AllowedIPs = 192.168.0.2/32
Endpoint = 192.0.2.2:51820

[Peer]
# c.example.org
PublicKey = C
AllowedIPs = 192.168.0.3/32
"""
SECRETS = "private P\npsk 192.168.0.2/32 PB\npsk 192.168.0.3/32 PC\n"


def awk(script: Path, *inputs: str, stdin: str = "") -> str:
    return subprocess.run(
        ["awk", "-f", str(script), *inputs], input=stdin, text=True, capture_output=True, check=True
    ).stdout


def test_secrets_go_to_their_places_and_nothing_else_changes(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.write_text(PUBLIC, encoding="utf-8")
    whole = awk(NODE / "secrets.awk", "-", str(public), stdin=SECRETS)
    added = {"PrivateKey = P", "PresharedKey = PB", "PresharedKey = PC"}
    assert [line for line in whole.splitlines() if line not in added] == PUBLIC.splitlines()
    assert "AllowedIPs = 192.168.0.2/32\nPresharedKey = PB\n" in whole
    assert whole.startswith("[Interface]\nPrivateKey = P\n")


def merged(tmp_path: Path, now: str, before: str) -> str:
    """What grow makes of a new configuration where another one is in force."""
    (tmp_path / "now").write_text(now, encoding="utf-8")
    (tmp_path / "before").write_text(before, encoding="utf-8")
    return awk(NODE / "leaving.awk", str(tmp_path / "now"), str(tmp_path / "before"))


D = "\n[Peer]\n# d.example.org\nPublicKey = D\nAllowedIPs = 192.168.0.4/32\nPresharedKey = PD\n"


def test_leaving_peers_are_those_whose_address_nobody_has_any_more(tmp_path: Path) -> None:
    now = PUBLIC.replace("PublicKey = C", "PublicKey = C2")
    assert merged(tmp_path, now, PUBLIC + D) == now + D
    assert merged(tmp_path, now, merged(tmp_path, now, PUBLIC + D)) == now + D
    assert merged(tmp_path, PUBLIC, PUBLIC) == PUBLIC


def test_a_leaving_node_beyond_a_relay_stays_with_it(tmp_path: Path) -> None:
    before = PUBLIC.replace("0.3/32", "0.3/32, 192.168.0.4/32, 192.168.0.5/32")
    kept = PUBLIC.replace("0.3/32", "0.3/32, 192.168.0.4/32, 192.168.0.5/32")
    assert merged(tmp_path, PUBLIC, before) == kept
    other_key = PUBLIC.replace("PublicKey = C", "PublicKey = C2")
    assert merged(tmp_path, other_key, before) == kept.replace("PublicKey = C", "PublicKey = C2")


def test_a_leaving_relay_keeps_only_what_no_other_peer_has_now(tmp_path: Path) -> None:
    relay = "\n[Peer]\n# d.example.org\n# beyond: b.example.org 192.168.0.2 through d.example.org\n# beyond: e.example.org 192.168.0.5 through d.example.org\nPublicKey = D\nAllowedIPs = {}\nPresharedKey = PD\n"
    before = relay.format("192.168.0.4/32, 192.168.0.2/32, 192.168.0.1/32, 192.168.0.5/32")
    after = relay.format("192.168.0.4/32, 192.168.0.5/32").replace(
        "# beyond: b.example.org 192.168.0.2 through d.example.org\n", ""
    )
    assert merged(tmp_path, PUBLIC, before) == PUBLIC + after


def test_a_tunnel_that_became_a_way_through_a_relay_is_no_leaving_peer(tmp_path: Path) -> None:
    now = PUBLIC.replace("0.3/32", "0.3/32, 192.168.0.4/32")
    assert merged(tmp_path, now, PUBLIC + D) == now


def test_secrets_are_found_again_in_the_configuration_that_has_them(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.write_text(PUBLIC.replace("0.3/32", "0.3/32, 192.168.0.4/32"), encoding="utf-8")
    whole = awk(NODE / "secrets.awk", "-", str(public), stdin=SECRETS)
    assert "AllowedIPs = 192.168.0.3/32, 192.168.0.4/32\nPresharedKey = PC\n" in whole
    assert awk(NODE / "secrets_in_force.awk", "-", stdin=whole) == SECRETS


def test_preflight_names_every_obstacle_at_once(tmp_path: Path) -> None:
    stub(tmp_path, "id", "echo 1000")
    stub(tmp_path, "uname", "echo host.example.org")
    done = subprocess.run(
        ["/bin/sh", "-s"], input=host_files.preflight(), env={"PATH": str(tmp_path)},
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    for text in (
        "not root",
        "neither apt-get nor dnf",
        "the command flock is missing",
    ):
        assert f"obstacle: {text}" in done.stderr
    assert (
        done.stderr.splitlines()[-1]
        == f"host.example.org: {done.stderr.count('obstacle: ')} obstacle(s), no host was changed"
    )


@pytest.fixture
def rhel(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A PATH like that of a RHEL-like host without wireguard-tools; dnf is a stub that notes its words."""
    if os.geteuid() != 0:
        pytest.skip("prepare.sh takes a lock in /run: it needs root")
    bin_, home, here = tmp_path / "bin", tmp_path / "home", tmp_path / "uploads/node/x"
    for directory in (bin_, home, here):
        directory.mkdir(parents=True)
    for name in (
        "awk",
        "basename",
        "cat",
        "chmod",
        "chown",
        "cmp",
        "cut",
        "date",
        "dirname",
        "flock",
        "grep",
        "ln",
        "mkdir",
        "mktemp",
        "mv",
        "python3",
        "rm",
        "rmdir",
        "setpriv",
        "sh",
        "sync",
        "touch",
        "uname",
    ):
        found = subprocess.run(
            ["/bin/sh", "-c", f"command -v {name}"], text=True, capture_output=True, check=True
        ).stdout.strip()
        (bin_ / name).symlink_to(found)
    stub(bin_, "systemctl")
    stub(bin_, "dnf", f'echo "dnf $*" >>{tmp_path}/ran')
    stub(bin_, "getent", f"echo root:x:0:0:root:{home}:/bin/sh")
    for file in NODE.iterdir():
        (here / file.name).write_bytes(file.read_bytes())
    (here / "wg0.public.conf").write_text(PUBLIC, encoding="utf-8")
    (here / "open.conf").write_text("udp 51820\n", encoding="utf-8")
    (here / "authorized_keys").write_text("ssh-ed25519 AAAA stretched-deployer\n", encoding="utf-8")
    return tmp_path, {
        "PATH": str(bin_),
        "STRETCHED_UNITS": str(tmp_path / "units"),
        "STRETCHED_ETC": str(tmp_path / "etc"),
        "STRETCHED_UPLOADS": str(tmp_path / "uploads"),
    }


def test_on_a_rhel_like_host_packages_come_by_dnf(
    rhel: tuple[Path, dict[str, str]],
) -> None:
    place, environment = rhel
    keys = place / "home/.ssh/authorized_keys"

    def prepare(*words: str) -> str:
        (place / "ran").write_text("", encoding="utf-8")
        subprocess.run(
            ["/bin/sh", str(place / "uploads/node/x/prepare.sh"), *words],
            env=environment,
            check=True,
            capture_output=True,
        )
        return (place / "ran").read_text(encoding="utf-8")

    ran = prepare("apply", "a.example.org")
    assert "dnf install -q -y --setopt=*.skip_if_unavailable=1 --setopt=exit_on_lock=1 wireguard-tools\n" in ran
    assert keys.read_text(encoding="utf-8") == "ssh-ed25519 AAAA stretched-deployer\n"
    keys.write_text("ssh-ed25519 BBBB mine\n" + keys.read_text(encoding="utf-8"), encoding="utf-8")
    prepare("apply", "a.example.org")
    assert keys.read_text(encoding="utf-8") == "ssh-ed25519 BBBB mine\nssh-ed25519 AAAA stretched-deployer\n"
    assert keys.stat().st_mode & 0o777 == 0o600
    after = place / "units/kubelet.service.d/10-wg0.conf"
    assert "After=wg-quick@wg0.service" in after.read_text(encoding="utf-8")
    prepare("remove")
    assert not after.parent.exists()
    assert keys.read_text(encoding="utf-8") == "ssh-ed25519 BBBB mine\n"
    assert not (place / "uploads").exists()
