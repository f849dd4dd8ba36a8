"""Services on a host: the verdict on servers, the public addresses, what the watch of UDP has nftables do.

The real ones are in tests/lab.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

SCRIPTS = TREE / "components/hosts/scripts/services"
CONF = """\
dns udp 53 here 10.0.0.1 30053
dns udp 53 near 10.0.0.2 30053
echo udp 7 here program 7007
echo udp 7 near 10.0.0.2 7007
echo udp 7 far 10.0.0.3 7007
kept tcp 25 here program 2525
log.target udp 514 target 198.51.100.9 1514
ntp udp 123 near 10.0.0.2 123
ntp udp 123 near 10.0.0.3 123
ntp udp 123 far 10.0.0.4 123
"""


def awk(place: Path, what: str, **files: str) -> str:
    words = ["awk", "-v", f"what={what}", "-f", str(SCRIPTS / "services_udp.awk")]
    for number, name in (("1", "state"), ("2", "conf"), ("3", "seen"), ("4", "opened")):
        if name in files:
            (place / name).write_text(files[name], encoding="utf-8")
            words += [f"file={number}", str(place / name)]
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout


def judged(place: Path, *seen: str, who: str = "10.0.0.2") -> list[str]:
    """Return the verdicts after each look."""
    state, verdicts = "", []
    for one in seen:
        state = awk(place, "judge", state=state, seen=f"{who} {one}\n")
        verdicts.append(state.split()[1])
    return verdicts


def test_two_silences_make_a_server_dead_and_two_answers_make_it_live(tmp_path: Path) -> None:
    assert judged(tmp_path, *("up", "down", "up", "down", "down", "up", "down", "up", "up")) == [
        *("alive", "alive", "alive", "alive", "dead", "dead", "dead", "dead", "alive")
    ]


def test_a_program_that_never_listened_is_not_dead_and_one_that_did_is(tmp_path: Path) -> None:
    assert judged(tmp_path, "down", "down", "down", "up", "down", "down", who="udp:7007") == [
        *("unseen", "unseen", "unseen", "alive", "alive", "dead")
    ]


def rules(text: str) -> dict[str, str]:
    """Return what is added to each chain."""
    added = (line.split(" ", 5) for line in text.splitlines() if line.startswith("add rule"))
    return {words[4]: words[5] for words in added}


def test_the_node_itself_comes_first_then_near_ones_then_far_ones(tmp_path: Path) -> None:
    found = rules(awk(tmp_path, "fill", conf=CONF))
    assert found["here_dns"].endswith("ip daddr set 10.0.0.1 udp dport set 30053 meta mark set meta mark or 0x40")
    assert found["here_echo"] == "udp dport set 7007 meta mark set meta mark or 0x40"
    assert found["to_dns"].endswith("dnat ip to 10.0.0.2:30053")
    assert found["here_kept"].startswith("tcp dport set 2525")
    assert found["to_log.target"].endswith("dnat ip to 198.51.100.9:1514")
    assert found["to_ntp"].endswith("mod 2 map { 0 : 10.0.0.2 . 123, 1 : 10.0.0.3 . 123 }")


def test_a_dead_server_gets_nothing_while_another_one_lives(tmp_path: Path) -> None:
    state = "10.0.0.2 dead 0\nudp:7007 dead 0\ntcp:2525 dead 0\n"
    found = rules(awk(tmp_path, "fill", state=state, conf=CONF))
    assert "here_echo" not in found
    assert found["to_echo"].endswith("dnat ip to 10.0.0.3:7007")
    assert found["to_ntp"].endswith("dnat ip to 10.0.0.3:123")
    assert found["to_dns"].endswith("dnat ip to 10.0.0.2:30053"), "there is no other"
    assert "here_kept" in found, "there is no other"
    found = rules(awk(tmp_path, "fill", state=state + "10.0.0.3 dead 0\n", conf=CONF))
    assert found["to_ntp"].endswith("dnat ip to 10.0.0.4:123"), "a far one"


def test_devices_that_forward_for_it_alone_are_named(tmp_path: Path) -> None:
    told = awk(tmp_path, "fill", conf=CONF, opened="eth0\nwg0\n")
    assert 'add element inet stretched_services opened { "eth0", "wg0" }' in told
    assert "opened" not in awk(tmp_path, "fill", conf="kept tcp 25 here program 2525\n", opened="")


def whole(directory: Path, config: str, *addresses: str, version: str = "2.6") -> str:
    """Return haproxy.cfg as a host with these addresses and HAProxy makes it."""
    has, cfg = directory / "has", directory / "cfg"
    has.write_text("".join(f"{address}\n" for address in addresses), encoding="utf-8")
    cfg.write_text(config, encoding="utf-8")
    words = [
        "awk",
        "-v",
        f"version={version}",
        "-f",
        str(SCRIPTS / "services.awk"),
        "file=1",
        str(has),
        "file=2",
        str(cfg),
    ]
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("192.0.2.2", ["192.0.2.2:443"]),
        ("192.0.2.2 2001:db8::2", ["192.0.2.2:443", "ipv6@2001:db8::2:443"]),
        ("203.0.113.9", ["192.0.2.2:443", "10.0.0.5:443"]),
        ("2001:db8::2 203.0.113.9", ["ipv6@2001:db8::2:443", "192.0.2.2:443", "10.0.0.5:443"]),
        ("192.0.2.2 2001:db8::9", ["192.0.2.2:443", "ipv6@2001:db8::2:443"]),
        ("uchicago002.hl-lhc.io", ["192.0.2.2:443", "10.0.0.5:443", "ipv6@2001:db8::2:443"]),
    ],
)
def test_it_listens_at_the_declared_addresses_that_are_the_hosts_or_else_at_all_of_their_family(
    declared: str, expected: list[str], tmp_path: Path
) -> None:
    config = f"listen web\n    bind public 443 {declared}\n    server a b:1\n"
    told = whole(tmp_path, config, "192.0.2.2", "10.0.0.5", "2001:db8::2")
    assert (
        told == "listen web\n" + "".join(f"    bind {bind} transparent\n" for bind in expected) + "    server a b:1\n"
    )


def test_where_a_host_has_nothing_of_the_family_it_listens_at_all_that_it_has(tmp_path: Path) -> None:
    told = whole(tmp_path, "    bind public 443 203.0.113.9\n", "2001:db8::2")
    assert told == "    bind ipv6@2001:db8::2:443 transparent\n"


def test_an_address_of_wg0_may_be_missing_too(tmp_path: Path) -> None:
    assert whole(tmp_path, "    bind 192.168.0.1:443\n", "192.0.2.2") == "    bind 192.168.0.1:443 transparent\n"


@pytest.mark.parametrize(
    ("version", "kept"), [("1.8", False), ("2.2", False), ("2.3", True), ("2.10", True), ("3.0", True), ("", True)]
)
def test_a_haproxy_that_has_no_times_for_keepalives_gets_none(version: str, kept: bool, tmp_path: Path) -> None:
    times = "".join(
        f"    {side}tcpka-{what}\n" for side in ("cli", "srv") for what in ("idle 60s", "intvl 15s", "cnt 4")
    )
    config = f"    option clitcpka\n    option srvtcpka\n{times}    timeout connect 3s\n"
    expected = config if kept else config.replace(times, "")
    assert whole(tmp_path, config, "192.0.2.2", version=version) == expected


def test_forwarding_is_on_for_this_alone_and_off_again(tmp_path: Path) -> None:
    place = tmp_path / "etc/services"
    place.mkdir(parents=True)
    for name in ("sh", "awk"):
        (place / f"udp.{name}").write_bytes((SCRIPTS / f"services_udp.{name}").read_bytes())
    (place / "services.conf").write_text(CONF, encoding="utf-8")
    proc = tmp_path / "proc"
    for device in ("eth0", "wg0", "cali1"):
        (proc / "conf" / device).mkdir(parents=True)
        (proc / "conf" / device / "forwarding").write_text("0\n", encoding="utf-8")
    (proc / "ip_forward").write_text("0\n", encoding="utf-8")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    stub(bin_, "ip", 'printf "2: eth0    inet 192.0.2.2/24\\n3: cali1    inet 10.9.9.9/32\\n"')
    stub(bin_, "systemctl", "exit 1")
    stub(bin_, "sleep", f'echo "$1" >>{tmp_path}/slept; [ "$(wc -l <{tmp_path}/slept)" -lt 2 ] || kill $PPID')
    for name in ("nft", "ping", "ss", "conntrack"):
        stub(bin_, name, "exit 0")
    environment = {
        **{"PATH": f"{bin_}:{os.environ['PATH']}", "STRETCHED_ETC": str(tmp_path / "etc")},
        **{"STRETCHED_RUN": str(tmp_path / "run"), "STRETCHED_PROC": str(proc)},
    }

    def flags() -> dict[str, str]:
        return {file.parent.name: file.read_text(encoding="utf-8").strip() for file in proc.glob("conf/*/forwarding")}

    subprocess.run(["sh", str(place / "udp.sh"), "run"], env=environment, check=False)
    assert flags() == {"eth0": "1", "wg0": "1", "cali1": "0"}
    assert (tmp_path / "run/opened").read_text(encoding="utf-8") == "wg0\neth0\n"
    subprocess.run(["sh", str(place / "udp.sh"), "stop"], env=environment, check=True)
    assert flags() == {"eth0": "0", "wg0": "0", "cali1": "0"}
    assert not (tmp_path / "run").exists()
    # A host that forwards anyhow, as nodes of Kubernetes do.
    (proc / "ip_forward").write_text("1\n", encoding="utf-8")
    (tmp_path / "slept").unlink()
    subprocess.run(["sh", str(place / "udp.sh"), "run"], env=environment, check=False)
    assert (tmp_path / "run/opened").read_text(encoding="utf-8") == ""
