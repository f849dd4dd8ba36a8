"""From what the paths carry to the routes that a host shall have."""

import pytest

from components.hosts.paths import fit
from components.hosts.paths.fit import Fit, Peer, describe, endpoints, parse, routes

CONF = """\
# stretched: written by pulumi up, and again by the next one
[Interface]
PrivateKey = AAA=
# a.example.org
# relay: forwards from wg0 to wg0
Address = 192.168.0.1/24
ListenPort = 51820
MTU = 1420

[Peer]
# g.example.org
# beyond: h.example.org 192.168.0.3 through g.example.org
PublicKey = GGG=
AllowedIPs = 192.168.0.2/32, 192.168.0.3/32
PresharedKey = PPP=
Endpoint = [2001:db8::2]:51820

[Peer]
# n.example.org
PublicKey = NNN=
AllowedIPs = 192.168.0.4/32, 10.9.0.0/24
"""
G = Peer("g.example.org", "GGG=", ("192.168.0.2", "192.168.0.3"))
N = Peer("n.example.org", "NNN=", ("192.168.0.4",))


def line(address: str, mtu: int) -> str:
    return f"route replace {address}/32 dev wg0 proto 83 mtu {mtu}"


def test_the_configuration_gives_peers_with_all_hosts_that_are_reached_through_them() -> None:
    assert parse(CONF) == (1420, (G, N))


def test_endpoints_are_those_in_use_of_either_family() -> None:
    shown = "GGG=\t[2001:db8::2]:51820\nNNN=\t198.51.100.7:4500\nOOO=\t(none)\n"
    assert endpoints(shown) == {"GGG=": ("2001:db8::2", 51820), "NNN=": ("198.51.100.7", 4500)}


def test_only_narrow_paths_get_routes_and_who_is_beyond_too() -> None:
    assert routes([G, N], {"192.168.0.2": Fit(1420, 1420), "192.168.0.4": Fit(1420, 1420)}, 1420, "") == []
    narrow = {"192.168.0.2": Fit(1328, 1328), "192.168.0.4": Fit(1420, 1420)}
    assert routes([G, N], narrow, 1420, "") == [line("192.168.0.2", 1328), line("192.168.0.3", 1328)]


def test_what_is_cut_on_the_way_gets_a_route_too_and_never_below_the_least() -> None:
    assert routes([N], {"192.168.0.4": Fit(1420, 1328)}, 1420, "") == [line("192.168.0.4", 1328)]
    assert routes([N], {"192.168.0.4": Fit(1420, 900)}, 1420, "") == [line("192.168.0.4", 1280)]


def test_who_does_not_answer_keeps_what_was_known_and_who_answers_does_not() -> None:
    before = "".join(f"{text}\n" for text in (line("192.168.0.4", 1328), line("192.168.0.9", 1328)))
    assert routes([G, N], {"192.168.0.2": Fit(1420, 1420)}, 1420, before) == [line("192.168.0.4", 1328)]
    assert routes([N], {"192.168.0.4": Fit(1420, 1420)}, 1420, before) == []


def test_a_hopeless_path_gets_no_route_and_says_what_to_look_for() -> None:
    assert routes([N], {"192.168.0.4": Fit(0, 0)}, 1420, "") == []
    assert "less than 1340 bytes on the way (IPv6: 1360)" in describe(N, Fit(0, 0), 1420)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Fit(1328, 1328), "MTU 1328 instead of 1420, bigger packets are lost"),
        (Fit(1420, 1328), "MTU 1328 instead of 1420, bigger packets are cut on the way"),
        (Fit(1420, 1200), "MTU 1280, the least that there is, in pieces: whole ones have 1200 bytes at most"),
    ],
)
def test_people_are_told_what_and_why(found: Fit, expected: str) -> None:
    assert describe(N, found, 1420) == f"path to n.example.org (192.168.0.4): {expected}"
    assert describe(G, found, 1420).startswith("path to g.example.org (192.168.0.2), and the node beyond it: ")


def test_a_run_prints_the_routes_and_fails_only_where_a_path_is_too_narrow(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = f"{tmp_path}/wg0.conf"
    with open(conf, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(CONF)
    monkeypatch.setattr(fit, "_shown", str)
    results = {"192.168.0.2": Fit(1420, 1420), "192.168.0.4": Fit(1328, 1328)}
    monkeypatch.setattr(fit, "measure", lambda *_: results)
    assert fit.main(conf, f"{tmp_path}/none") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{line('192.168.0.4', 1328)}\n"
    assert "PrivateKey" not in printed.err
    results["192.168.0.4"] = Fit(0, 0)
    assert fit.main(conf, f"{tmp_path}/none") == fit.TOO_NARROW
    assert capsys.readouterr().out == ""
    results["192.168.0.4"] = Fit(1420, 1420)
    assert fit.main(conf, f"{tmp_path}/none") == 0
    assert capsys.readouterr().err == "paths: packets of 1420 bytes reach every peer whole\n"
