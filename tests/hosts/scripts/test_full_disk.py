"""Scripts on a disk that is full, or becomes full in any step: no live file is replaced by one that was not written whole.

Each script is run for another version of the program and of the configuration than the one in force, with 0, 1, 2 ... free
pages, until it succeeds. /tmp and the state below /run are on the same disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hosts.scripts.small_host import NEEDS_ROOT, SmallHost
from tests.hosts.scripts.stubs import stub

CONF = """\
[Interface]
# a.example.org
# relay: forwards from wg0 to wg0
Address = 192.168.0.1/24
ListenPort = {port}
MTU = 1420

[Peer]
# b.example.org
# resolve: wg.example.org 51820 IPv4
PublicKey = {key}
AllowedIPs = 192.168.0.2/32
"""
FACTS = "udp 51820\nssh 203.0.113.0/24\ntcp {port}\nmesh 192.168.0.0/24\n"
SERVICES = {
    "services.cfg": "listen web{port}\n    bind public {port}\n    server a 192.0.2.1:1\n",
    "services.nft": "table inet stretched_services\ndelete table inet stretched_services\n"
    "table inet stretched_services {{\n    # {port}\n    set settled {{ type mark; }}\n    chain here_log {{ }}\n}}\n",
    "services.conf": "log udp {port} here program {port}\n",
}
UFW = """case "$*" in
status) echo "Status: active" ;;
"show added") cat {place}/rules ;;
*delete*) echo "deleted: $*" >>{place}/told ;;
*) echo "ufw $*" | tee -a {place}/rules >>{place}/told ;;
esac"""
FIT = "route replace 192.168.0.2/32 dev wg0 proto 83 mtu {port}\n"
LONG = " and so on" * 900
"""Makes scripts and units longer than wg0.conf, so that there are disks with space for this one only."""
LEAVING = "\n[Peer]\n# d.example.org\nPublicKey = D\nAllowedIPs = 192.168.0.4/32\n"


@dataclass(frozen=True)
class Case:
    """One script. `commands` has {old} or {new} in the place of the version, the last of them is tried on the full disk."""

    commands: tuple[str, ...]
    prepare: Callable[[SmallHost], None] = lambda _: None


def old_and_new(host: SmallHost) -> None:
    """Make the bundles of two versions."""
    for name, port in (("old", 50001), ("new", 50002)):
        files = {
            "wg0.public.conf": CONF.format(port=port, key=f"B{port}") + (LEAVING if name == "old" else ""),
            "failover.conf": f"gateway 192.168.0.2 b\n# {port}\n",
            "authorized_keys": f"ssh-ed25519 {port} stretched-deployer\n",
        }
        host.bundle("node", name, files, "node", mark=name + LONG)
        host.bundle("firewall", name, {"firewall.conf": FACTS.format(port=port)})
        host.bundle(
            "services",
            name,
            {key: text.format(port=port) for key, text in SERVICES.items()},
            "services",
            mark=name + LONG,
        )
    (host.place / "uploads/node/current").symlink_to("new")


def with_ufw(host: SmallHost) -> None:
    stub(host.place / "bin", "ufw", UFW.format(place=host.place))
    (host.place / "rules").write_text("ufw allow in on wg0\n", encoding="utf-8")


def with_paths(host: SmallHost) -> None:
    stub(
        host.place / "bin",
        "python3",
        f'case $PWD in */new) echo "{FIT.format(port=1300)}" ;; *) echo "{FIT.format(port=1400)}" ;; esac',
    )


def with_proxy(host: SmallHost) -> None:
    stub(host.place / "bin", "haproxy", 'case $1 in -v) echo "HAProxy version 2.6.12-1 2023/12/16" ;; esac')
    stub(host.place / "bin", "conntrack", "exit 0")
    # Of all addresses that HAProxy is to have, whatever they are.
    stub(
        host.place / "bin",
        "ss",
        f'awk \'$1 == "bind" {{ print "LISTEN 0 0", $2, "* users:((\\"haproxy\\",1))" }}\' {host.disk}/etc/services/haproxy.cfg',
    )


NODE = "sh $STRETCHED_UPLOADS/node/{version}/"
GROW = f"printf 'private P{{version}}\\n' | {NODE}tunnel.sh grow"
SERVE = "sh $STRETCHED_UPLOADS/services/{version}/services.sh apply"
CASES = {
    "prepare": Case((f"{NODE}prepare.sh apply a.example.org",)),
    "prepare with ufw": Case((f"{NODE}prepare.sh apply a.example.org",), with_ufw),
    "grow": Case((GROW,)),
    "prune": Case((GROW, f"{NODE}tunnel.sh prune")),
    "fit": Case((GROW, f"{NODE}fit.sh"), with_paths),
    "firewall": Case((f"{NODE}firewall.sh apply {{version}} t{{version}} && {NODE}firewall.sh confirm t{{version}}",)),
    "firewall by ufw": Case((f"{NODE}firewall.sh apply {{version}} t{{version}}",), with_ufw),
    "grow with ufw": Case((f"{NODE}firewall.sh apply old t", GROW), with_ufw),
    "services": Case((SERVE,), with_proxy),
}


def tried(place: Path, case: Case, pages: int) -> tuple[int, dict[str, str], dict[str, str], str]:
    """Run the case with so many free pages; return the status, the files before and after, and the output."""
    host = SmallHost(place)
    old_and_new(host)
    case.prepare(host)
    before = [command.format(version="old") + " >/dev/null" for command in case.commands]
    done = host.run(
        "\n".join(
            [
                "ip address add 203.0.113.5/24 dev p",
                *(f"{command} || exit 9" for command in before),
                "for kind in node firewall services; do",
                f"    rm -rf $STRETCHED_UPLOADS/$kind/new; cp -r {host.place}/uploads/$kind/new $STRETCHED_UPLOADS/$kind/",
                "done",  # taken over after the old ones were settled, which removes those that are older
                *(f"{command.format(version='new')} >/dev/null || exit 8" for command in case.commands[:-1]),
                f"keep before; fill {pages}; {case.commands[-1].format(version='new')}; echo status $?; unfill; keep after",
            ]
        )
    )
    assert "status " in done.stdout, done.stdout + done.stderr
    assert ": not found" not in done.stderr, "a function or a program that does not exist, in a condition"
    status = int(done.stdout.partition("status ")[2].split()[0])
    return status, host.kept("before"), host.kept("after"), done.stdout + done.stderr


@NEEDS_ROOT
@pytest.mark.parametrize(
    "name", ["grow", *(pytest.param(name, marks=pytest.mark.long) for name in CASES if name != "grow")]
)
def test_a_live_file_is_the_old_one_or_the_new_one_whole(name: str, tmp_path: Path) -> None:
    status, before, wanted, said = tried(tmp_path / "enough", CASES[name], 200)
    assert status == 0, said
    assert before != wanted
    for pages in range(200):
        status, _, after, said = tried(tmp_path / str(pages), CASES[name], pages)
        told = tmp_path / str(pages) / "told"  # by ufw
        removed = (
            [line for line in told.read_text(encoding="utf-8").splitlines() if "delete" in line]
            if told.exists()
            else []
        )
        assert not [line for line in removed if "50001" not in line], "only what the new version does not want any more"
        if status == 0:
            break
        for path in before.keys() | wanted.keys():  # what else there is was left by the failure, and is not in force
            text = after.get(path)
            assert text in (before.get(path), wanted.get(path)), f"{pages} pages: {path} is {text!r}\n{said}"
    assert after == wanted, f"{pages} pages: success, and not everything was changed\n{said}"
    assert pages > 0
