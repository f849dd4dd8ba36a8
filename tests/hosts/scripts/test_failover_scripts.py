"""What a host does about gateways: verdicts by the clock, the watch, and its coming and going. Packets are stubs."""

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hosts.scripts.stubs import SOURCED, sh, stub
from tests.support.examples import TREE

NODE = TREE / "components/hosts/scripts/node"
CONF = """\
# comment
gateway 10.0.0.1 one
gateway 10.0.0.2 two
gateway 10.0.0.3 far through 10.0.0.1
when 10.0.0.1 use 10.0.0.2 for 10.0.0.7 10.0.0.8
"""
USERS = "user inside 10.0.0.5\nuser outside 10.0.0.6\nuser outside 10.0.0.7\n"
ALL = {"10.0.0.1": "answers", "10.0.0.2": "answers", "10.0.0.3": "answers"}


class Watch:
    """Verdicts of one host, a look every two seconds."""

    def __init__(self, place: Path, conf: str = CONF, *, restarted: bool = False) -> None:
        self.place = place
        self.now = 1000
        self.told: list[tuple[int, str]] = []
        self.state = "" if restarted else "service in 0\n"
        self.conf = conf

    def look(self, seconds: int, **changes: str) -> "Watch":
        """Let seconds pass while gateways and users are like that; names are the last numbers of addresses."""
        seen = {f"gateway {address}": what for address, what in ALL.items()}
        seen |= {f"user 10.0.0.{last}": "answers" for last in "34567"}
        for name, what in changes.items():
            for kind in ("user", "gateway"):
                seen[f"{kind} 10.0.0.{name[1]}"] = what
        for _ in range(seconds // 2):
            self.step(lambda what, address: seen[f"{what} {address}"])
        return self

    def step(self, found: Callable[[str, str], str]) -> None:
        """Look once: what is asked of a gateway or a user is answered so."""
        self.now += 2
        asked = [line.split() for line in self.conf.splitlines() if line.startswith(("gateway", "user"))]
        assert asked
        pairs = [(words[0], words[1 if words[0] == "gateway" else 2]) for words in asked]
        (self.place / "conf").write_text(self.conf, encoding="utf-8")
        (self.place / "state").write_text(self.state, encoding="utf-8")
        (self.place / "seen").write_text(
            "".join(f"{what} {one} {found(what, one)}\n" for what, one in pairs), encoding="utf-8"
        )
        limits = {
            "now": self.now,
            "silence": 15,
            "steady": 30,
            "cut": 9,
            "linger": 20,
            "began": int(not self.state),
        }
        words = [word for name, value in limits.items() for word in ("-v", f"{name}={value}")]
        files = [
            f"file={n}" if i == 0 else str(self.place / f)
            for n, f in enumerate(("conf", "state", "seen"), 1)
            for i in (0, 1)
        ]
        done = subprocess.run(
            ["awk", *words, "-f", str(NODE / "watch.awk"), *files], text=True, capture_output=True, check=True
        )
        self.state = done.stdout
        self.told += [(self.now - 1000, line) for line in done.stderr.splitlines()]

    def down(self) -> set[str]:
        return {line.split()[2] for line in self.state.splitlines() if line.startswith("gateway") and " down " in line}

    def service(self) -> str:
        return next(line.split()[1] for line in self.state.splitlines() if line.startswith("service"))


def test_a_silent_gateway_is_down_after_fifteen_seconds_and_up_after_thirty_of_answers(tmp_path: Path) -> None:
    watch = Watch(tmp_path).look(10)
    assert watch.look(14, _1="silent", _3="silent").down() == set()
    assert watch.look(2, _1="silent", _3="silent").down() == {"one"}
    assert watch.look(30).down() == {"one"}
    assert watch.look(2).down() == set()
    assert watch.told == [
        (26, "gateway one (10.0.0.1) is down: no answer for 15 s"),
        (58, "gateway one (10.0.0.1) is back: it has answered for 30 s"),
    ]


def test_one_answer_in_a_while_is_enough_to_stay_up_and_flapping_keeps_it_down(tmp_path: Path) -> None:
    watch = Watch(tmp_path).look(10)
    for _ in range(5):
        watch.look(12, _1="silent").look(2)
    assert watch.down() == set()
    watch.look(20, _1="silent")
    for _ in range(5):
        watch.look(20).look(10, _1="silent")
    assert watch.down() == {"one"}
    watch.look(20).look(4, _1="silent")
    assert watch.look(10).down() == set(), "two lost answers are no new beginning"


def test_a_gateway_that_refuses_is_down_at_once(tmp_path: Path) -> None:
    watch = Watch(tmp_path).look(10).look(2, _1="refuses")
    assert watch.down() == {"one"}
    assert watch.look(28).look(2, _1="refuses").look(30).down() == {"one"}
    assert watch.look(2).down() == set()


def test_a_gateway_behind_a_silent_one_is_not_blamed_but_one_behind_an_answering_one_is(tmp_path: Path) -> None:
    watch = Watch(tmp_path).look(10)
    assert watch.look(60, _1="silent", _3="silent").down() == {"one"}
    assert Watch(tmp_path).look(10).look(16, _3="silent").down() == {"far"}
    assert Watch(tmp_path).look(10).look(40, _1="refuses", _3="silent").down() == {"one"}


def test_a_gateway_that_one_side_does_not_answer_goes_out_of_service_long_enough_for_all_to_see(tmp_path: Path) -> None:
    for silent in ({"_5": "silent"}, {"_6": "silent", "_7": "silent"}):
        watch = Watch(tmp_path, CONF + USERS).look(10)
        assert watch.look(8, **silent).service() == "in"
        assert watch.look(2, **silent).service() == "out"
        assert watch.look(18).service() == "out"
        assert watch.look(2).service() == "in"
    assert Watch(tmp_path, CONF + USERS).look(10).look(60, _6="silent").service() == "in", "one of two is just dead"


def test_after_a_start_of_the_host_the_gateway_waits_to_be_heard_from_both_sides(tmp_path: Path) -> None:
    watch = Watch(tmp_path, CONF + USERS, restarted=True)
    assert watch.look(40, _6="silent", _7="silent").service() == "out"
    assert watch.look(2).service() == "in"
    assert Watch(tmp_path, CONF + USERS, restarted=True).look(2).service() == "out", "who asked it before must notice"
    assert Watch(tmp_path, CONF, restarted=True).look(2).service() == "in", "who is no gateway serves nobody"


def test_a_gateway_that_is_just_being_made_is_waited_for_but_not_one_that_is_dead_at_a_start(tmp_path: Path) -> None:
    assert Watch(tmp_path).look(60, _1="silent").look(2).look(14, _1="silent").down() == set()
    assert Watch(tmp_path, restarted=True).look(2, _1="silent").look(16, _1="silent").down() == {"one"}
    gateway = Watch(tmp_path, GATEWAY).look(60, _3="silent", _4="silent")
    assert gateway.service() == "in", "its users may be just being made too"
    assert gateway.look(2).look(10, _3="silent").service() == "out"


INNER = "gateway 10.0.0.1 g1\ngateway 10.0.0.2 g2\n"
GATEWAY = "user inside 10.0.0.3\nuser outside 10.0.0.4\n"


class Four:
    """Two gateways, 1 and 2, with an inner host, 3, and one outside, 4, each with the program's own verdicts."""

    def __init__(self, place: Path) -> None:
        self.hosts = {
            name: Watch(place, conf) for name, conf in zip("1234", (GATEWAY, GATEWAY, INNER, INNER), strict=True)
        }
        self.unserved = self.longest = 0

    def pass_time(self, seconds: int, cut: frozenset[frozenset[str]] = frozenset()) -> None:
        """Let seconds pass while some pairs of hosts cannot talk."""
        for _ in range(seconds // 2):
            for name, watch in self.hosts.items():
                watch.step(partial(self.answer, cut, name))
            ways = {
                name: "1" if "g1" not in self.hosts[name].down() or "g2" in self.hosts[name].down() else "2"
                for name in "34"
            }
            served = ways["3"] == ways["4"] and not {frozenset((ways["3"], end)) for end in "34"} & cut
            self.unserved = 0 if served else self.unserved + 2
            self.longest = max(self.longest, self.unserved)

    def answer(self, cut: frozenset[frozenset[str]], me: str, what: str, other: str) -> str:
        name = other[-1]
        if frozenset((me, name)) in cut:
            return "silent"
        return "refuses" if what == "gateway" and self.hosts[name].service() == "out" else "answers"


LAN, WAN = frozenset({frozenset("13")}), frozenset({frozenset("14")})


@settings(max_examples=5, deadline=None)
@given(st.sampled_from([LAN, WAN, LAN | WAN]), st.integers(2, 22), st.booleans())
def test_however_long_a_gateway_is_cut_off_its_pairs_never_wait_for_half_a_minute(
    cut: frozenset[frozenset[str]], ticks: int, restarted: bool
) -> None:
    with TemporaryDirectory() as directory:
        four = Four(Path(directory))
        four.pass_time(10)
        four.pass_time(2 * ticks, cut)
        if restarted and cut == LAN | WAN:
            four.hosts["1"].state = ""
            four.pass_time(16, WAN)  # whom it does not know any more has to notice first
        four.pass_time(60)
        assert four.longest < 30
        assert four.unserved == 0
        assert four.hosts["3"].down() == four.hosts["4"].down() == set()


WG0 = """\
[Interface]
Address = 10.0.0.9/24
PrivateKey = SECRET

[Peer]
PublicKey = K1
AllowedIPs = 10.0.0.1/32, 10.0.0.7/32, 10.0.0.8/32, 10.0.0.3/32

[Peer]
PublicKey = K2
AllowedIPs = 10.0.0.2/32
"""
RUNNING = "K1\t10.0.0.1/32 10.0.0.7/32 10.0.0.8/32 10.0.0.3/32\nK2\t10.0.0.2/32\n"
STATE = "gateway 10.0.0.1 one {} 1000 -\ngateway 10.0.0.2 two {} 1000 -\nservice in 0\n"


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """What lies on a host, with wg, nft, ping and systemctl as stubs that note their words."""
    for name in ("bin", "units", "etc", "run"):
        (tmp_path / name).mkdir()
    here = tmp_path / "node"
    here.mkdir()
    for file in NODE.iterdir():
        (here / file.name).write_bytes(file.read_bytes())
    (here / "failover.conf").write_text(CONF, encoding="utf-8")
    (tmp_path / "wg0.conf").write_text(WG0, encoding="utf-8")
    (tmp_path / "running").write_text(RUNNING, encoding="utf-8")
    ran = f"{tmp_path}/ran"
    stub(tmp_path / "bin", "wg", f'case $1 in show) cat {tmp_path}/running;; set) echo "wg $*" >>{ran};; esac')
    stub(
        tmp_path / "bin",
        "systemctl",
        f'echo "systemctl $*" >>{ran}; case $* in is-active*) [ -e {tmp_path}/active ];; esac',
    )
    stub(tmp_path / "bin", "nft", f'echo "nft $*" >>{ran}; case $* in list*) [ -e {tmp_path}/refusing ];; esac')
    return here


def run(here: Path, script: str) -> subprocess.CompletedProcess[str]:
    place = here.parent
    (place / "ran").write_text("", encoding="utf-8")
    done = sh(
        here,
        script,
        STRETCHED_ETC=str(place / "etc"),
        STRETCHED_RUN=str(place / "run"),
        STRETCHED_UNITS=str(place / "units"),
        STRETCHED_WG0=str(place / "wg0.conf"),
    )
    assert done.returncode == 0, done.stderr
    return done


def ran(here: Path) -> str:
    return (here.parent / "ran").read_text(encoding="utf-8")


def sourced(here: Path, words: str) -> str:
    source = SOURCED.replace('. "{here}/relay.sh"', '. "{here}/relay.sh"; . "{here}/failover.sh"')
    run(here, source.format(here=here, words=words))
    return ran(here)


def test_the_watch_is_installed_once_keeps_what_it_knows_and_goes_without_a_trace(host: Path) -> None:
    place = host.parent
    first = sourced(host, "watch_pause; watch_on")
    assert "systemctl enable --quiet stretched-watch.service\nsystemctl restart stretched-watch.service\n" in first
    assert (place / "units/stretched-watch.service").read_bytes() == (NODE / "watch.service").read_bytes()
    (place / "active").touch()
    state = STATE.format("down", "up")
    (place / "run/state").write_text(state, encoding="utf-8")
    again = sourced(host, "watch_pause; watch_on")
    assert "restart" not in again
    assert "wg set wg0 peer K2 allowed-ips 10.0.0.7/32,10.0.0.8/32,10.0.0.2/32\n" in again, (
        "what was moved is moved again at once"
    )
    assert "K1" not in again
    assert "SECRET" not in again
    assert (place / "run/state").read_text(encoding="utf-8") == state
    (place / "running").write_text(
        "K1\t10.0.0.1/32 10.0.0.3/32\nK2\t10.0.0.2/32 10.0.0.7/32 10.0.0.8/32\n", encoding="utf-8"
    )
    (place / "refusing").touch()
    gone = sourced(host, "watch_pause; watch_off")
    assert "systemctl disable --quiet --now stretched-watch.service" in gone
    assert "wg set wg0 peer K1 allowed-ips 10.0.0.1/32,10.0.0.3/32,10.0.0.7/32,10.0.0.8/32\n" in gone
    assert "nft delete table inet stretched_watch" in gone
    assert [path for name in ("etc", "units", "run") for path in place.glob(f"{name}/*")] == []
    assert sourced(host, "watch_pause; watch_off") == ""


@pytest.mark.parametrize(
    ("states", "moved"),
    [(("up", "up"), False), (("down", "up"), True), (("down", "down"), False), (("up", "down"), False)],
)
def test_addresses_go_to_another_gateway_only_when_that_one_is_up(
    host: Path, states: tuple[str, str], moved: bool
) -> None:
    for name in ("failover.conf", "settle.awk"):
        (host.parent / "etc" / name).write_bytes((host / name).read_bytes())
    (host.parent / "run/state").write_text(STATE.format(*states), encoding="utf-8")
    done = run(host, f"sh {host}/watch.sh settle")
    assert ("K2" in ran(host)) == moved
    assert (done.stdout == "to the peer 10.0.0.2: 10.0.0.7 10.0.0.8\n") == moved


def test_addresses_that_nobody_has_and_peers_that_are_not_there_are_let_alone(host: Path) -> None:
    for name in ("failover.conf", "settle.awk"):
        (host.parent / "etc" / name).write_bytes((host / name).read_bytes())
    (host.parent / "run/state").write_text(STATE.format("down", "up"), encoding="utf-8")
    (host.parent / "running").write_text(RUNNING.replace(" 10.0.0.8/32", ""), encoding="utf-8")
    run(host, f"sh {host}/watch.sh settle")
    assert "allowed-ips 10.0.0.7/32,10.0.0.2/32\n" in ran(host)
    (host.parent / "running").write_text(RUNNING.splitlines()[0] + "\n", encoding="utf-8")
    run(host, f"sh {host}/watch.sh settle")
    assert ran(host) == ""


def test_the_watch_asks_judges_moves_and_tells(host: Path) -> None:
    place = host.parent
    for name in ("failover.conf", "settle.awk", "watch.awk", "watch.nft"):
        (place / "etc" / name).write_bytes((host / name).read_bytes())
    with (place / "etc/failover.conf").open("a", encoding="utf-8") as conf:
        conf.write(USERS)
    (place / "run/state").write_text("service in 0\n", encoding="utf-8")
    refused = "From 10.0.0.1 icmp_seq=1 Packet filtered"
    stub(
        place / "bin",
        "ping",
        f'case "$*" in *"-Q 12 10.0.0.1") echo "{refused}"; exit 1;; *"-Q 12"*) exit 0;; *"-Q 0"*) exit 0;; esac; exit 2',
    )
    quick = (host / "watch.sh").read_text(encoding="utf-8").replace("tick=2 ", "tick=0.1 ")
    (host / "watch.sh").write_text(quick, encoding="utf-8")
    until = f"n=0; until grep -q 'to the peer' {place}/told || [ $n -gt 3000 ]; do n=$((n + 1)); sleep 0.02; done; kill $!; wait $! || :"
    done = run(host, f"sh {host}/watch.sh run >{place}/told 2>&1 & {until}; cat {place}/told")
    assert done.stdout.splitlines() == [
        "gateway one (10.0.0.1) has put itself out of service",
        *["to the peer 10.0.0.2: 10.0.0.7 10.0.0.8"] * (done.stdout.count("to the peer")),
    ]
    assert "wg set wg0 peer K2 allowed-ips 10.0.0.7/32,10.0.0.8/32,10.0.0.2/32\n" in ran(host)
    told = run(host, f"sh {host}/watch.sh status").stdout
    assert "gateway one (10.0.0.1): down, no answer yet" in told
    assert "gateway two (10.0.0.2): up, last answer " in told
    assert "users of this gateway outside its site: last answer " in told


@pytest.mark.skipif(os.geteuid() != 0, reason="nft looks at rules with root's rights only")
def test_the_kernel_takes_the_rules_of_a_gateway_that_is_out_of_service(host: Path) -> None:
    words = ["unshare", "--net", "nft", "--check", "--file", str(host / "watch.nft")]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
