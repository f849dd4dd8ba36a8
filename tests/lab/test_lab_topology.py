"""Topology files: what is read, and every mistake named at once."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml

from lab.cli import main
from lab.errors import LabError
from lab.layout import DEFAULT_TOPOLOGY
from lab.network import wan_routes
from lab.topology import Endpoint, System
from lab.topology import Path as WanPath
from lab.topology_file import load, parse

SMALL = """
name: small
operator: {address: 203.0.113.200}
sites:
  left:
    lan: 192.0.2.0/24
    gateway: 192.0.2.1
    hosts: {a1.lab.test: 192.0.2.11}
  home:
    lan: 198.51.100.128/25
    gateway: 198.51.100.129
    hosts: {c1.lab.test: 198.51.100.136, c2.lab.test: 198.51.100.137}
    nat:
      address: 203.0.113.8
      forwards:
        - {protocol: tcp, port: 2222, host: c1.lab.test, to: 22}
        - {protocol: udp, port: 22, host: c2.lab.test, to: 22}
wan:
  default: {delay_ms: 5, loss_percent: 1}
  links:
    - {between: [home, left], delay_ms: 25}
"""


def changed(**changes: object) -> str:
    """Return SMALL with values put in by their dotted path (dots of host names as underscores); None removes."""
    document = yaml.safe_load(SMALL)
    for path, value in changes.items():
        *parents, last = (part.replace("_lab_test", ".lab.test") for part in path.split("__"))
        place = document
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return yaml.safe_dump(document)


def problems_of(text: str) -> list[str]:
    with pytest.raises(LabError) as caught:
        parse(text)
    return [line.strip() for line in str(caught.value).splitlines()]


def test_the_default_topology_is_that_of_the_example_cluster() -> None:
    dev = load(DEFAULT_TOPOLOGY)
    assert dev.name == "dev"
    assert dev.operator == IPv4Address("203.0.113.200")
    assert {host.name: str(host.address) for host in dev.hosts} == {
        "uchicago002.hl-lhc.io": "192.0.2.2",
        "uchicago003.hl-lhc.io": "192.0.2.3",
        "uchicago004.hl-lhc.io": "192.0.2.4",
        "uchicago005.hl-lhc.io": "192.0.2.5",
        "umich001.hl-lhc.io": "198.51.100.6",
        "msu001.hl-lhc.io": "198.51.100.7",
        "uvic001.hl-lhc.io": "198.51.100.136",
    }
    delays = {frozenset({one, other}): path.delay_ms for one, other, path in dev.paths()}
    assert delays == {
        frozenset({"mwt2", "aglt2"}): 5,
        frozenset({"mwt2", "uvic"}): 25,
        frozenset({"aglt2", "uvic"}): 25,
        frozenset({"operator", "mwt2"}): 5,
        frozenset({"operator", "aglt2"}): 5,
        frozenset({"operator", "uvic"}): 5,
    }
    uvic = next(host for host in dev.hosts if host.site == "uvic")
    assert dev.ssh(uvic) == Endpoint(IPv4Address("203.0.113.8"), 22)


def test_the_wan_carries_a_public_site_s_lan_but_only_the_address_of_a_nat_site() -> None:
    small = parse(SMALL)
    assert small.site("left").public_prefixes == (IPv4Network("192.0.2.0/24"),)
    assert small.site("home").public_prefixes == (IPv4Network("203.0.113.8/32"),)


def test_a_host_behind_nat_is_reached_at_its_forward_and_only_a_tcp_one_leads_to_sshd() -> None:
    small = parse(SMALL)
    reached = {host.short: small.ssh(host) for host in small.hosts}
    assert reached == {
        "a1": Endpoint(IPv4Address("192.0.2.11"), 22),
        "c1": Endpoint(IPv4Address("203.0.113.8"), 2222),
        "c2": None,
    }


def test_a_link_s_own_values_win_over_the_default_whole() -> None:
    paths = {frozenset({one, other}): path for one, other, path in parse(SMALL).paths()}
    assert (paths[frozenset({"left", "home"})].delay_ms, paths[frozenset({"left", "home"})].loss_percent) == (25, 0)
    assert paths[frozenset({"left", "operator"})] == WanPath(5, 1)


def test_a_path_has_an_mtu_and_what_is_too_big_is_told_or_lost() -> None:
    text = changed(wan__links=[{"between": ["home", "left"], "mtu": 1400, "too_big": "lost"}])
    paths = {frozenset({one, other}): path for one, other, path in parse(text).paths()}
    assert paths[frozenset({"left", "home"})] == WanPath(0, 0, 1400, silent=True)
    assert paths[frozenset({"left", "operator"})] == WanPath(5, 1, 1500, silent=False)
    assert problems_of(changed(wan__default={"mtu": 100, "too_big": "cut"})) == [
        "wan.default.too_big: cut is neither told nor lost",
        "wan.default.mtu: 100 is not a number from 576 to 1500",
    ]


def test_the_routers_know_of_a_narrow_path_unless_it_loses_packets_silently() -> None:
    def known(too_big: str) -> dict[str, int]:
        link = {"between": ["home", "left"], "mtu": 1400, "too_big": too_big}
        topology = parse(changed(wan__links=[link]))
        return {prefix: size for prefix, _, size in wan_routes(topology, topology.site("left"))}

    assert known("told") == {"203.0.113.8/32": 1400, "203.0.113.200/32": 1500}
    assert known("lost") == {"203.0.113.8/32": 1500, "203.0.113.200/32": 1500}


def test_all_mistakes_of_form_are_named_at_once_with_their_paths() -> None:
    text = """
name: Not Good
operater: {address: 203.0.113.200}
mirror: perhaps
sites:
  left:
    lan: 192.0.2.1/24
    hosts: {a1.lab.test: 192.0.2.300, "b 2": 192.0.2.12}
    nat:
      address: here
      forwards: [{protocol: icmp, port: 70000, host: a1.lab.test}]
wan:
  default: {delay_ms: -1}
  links:
    - {between: left, loss_percent: 101}
"""
    found = problems_of(text)
    for path in (
        *("name:", "operater:", "operator:", "mirror:"),
        *("sites.left.lan:", "sites.left.gateway:", "sites.left.hosts.a1.lab.test:", "sites.left.hosts.b 2:"),
        *("sites.left.nat.address:", "sites.left.nat.forwards[0].protocol:", "sites.left.nat.forwards[0].port:"),
        *("sites.left.nat.forwards[0].to:", "wan.default.delay_ms:", "wan.links[0].between:"),
        "wan.links[0].loss_percent:",
    ):
        assert sum(problem.startswith(path) for problem in found) == 1, (path, found)
    assert len(found) == 15


def test_all_broken_rules_are_named_at_once_with_their_paths() -> None:
    text = """
name: small
operator: {address: 192.0.2.9}
sites:
  left:
    lan: 192.0.2.0/24
    gateway: 192.0.2.255
    hosts: {a1.lab.test: 192.0.2.11, a1.other.test: 192.0.2.11, router-x.lab.test: 198.51.100.1}
  right:
    lan: 192.0.2.128/25
    gateway: 192.0.2.129
    hosts: {b1.lab.test: 192.0.2.130}
  home:
    lan: 8.8.8.0/24
    gateway: 8.8.8.1
    hosts: {c1.lab.test: 8.8.8.2}
    nat:
      address: 203.0.113.8
      forwards:
        - {protocol: tcp, port: 22, host: a1.lab.test, to: 22}
        - {protocol: tcp, port: 22, host: c1.lab.test, to: 22}
wan:
  links:
    - {between: [left, left]}
    - {between: [left, nowhere]}
"""
    found = problems_of(text)
    for path, part in (
        ("sites.left.hosts.a1.other.test:", "the first label a1"),
        ("sites.left.hosts.router-x.lab.test:", "reserved by the lab"),
        ("sites.left.gateway:", "network or broadcast"),
        ("sites.left.hosts.router-x.lab.test:", "outside the site's LAN"),
        ("sites.home.nat.forwards[0].host:", "not a host of this site"),
        ("sites.home.nat.forwards[1].port:", "forwarded already"),
        ("sites.right.lan:", "overlaps"),
        ("sites.home.lan:", "is public address space"),
        ("operator.address:", "lies in the LAN of left"),
        ("sites.left.hosts.a1.other.test:", "is that of sites.left.hosts.a1.lab.test"),
        ("wan.links:", "itself"),
        ("wan.links:", "nowhere is neither"),
    ):
        assert sum(problem.startswith(path) and part in problem for problem in found) == 1, (path, part, found)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [", "is not YAML"),
        ("", "name: is missing"),
        ("- a\n- b", "is not a mapping"),
        (SMALL + "name: again\n", "the key name is given 2 times"),
        (changed(name="with-hyphen"), "name: "),
        (changed(sites={}), "sites: "),
        (changed(operator=None), "operator: is missing"),
        (changed(sites__left__hosts={"a1.lab.test": None}), "sites.left.hosts.a1.lab.test: is missing"),
        (changed(sites__home__nat={"address": "203.0.113.8", "forwards": [None]}), "sites.home.nat.forwards[0].port"),
        (changed(sites__left__hosts={}), "sites.left.hosts: "),
        (changed(wan={"links": [{"between": ["left", "home"]}, {"between": ["home", "left"]}]}), "a second link"),
        (changed(sites__left__lan="fd00::/64"), "sites.left.lan: "),
        (changed(wan__default={"delay_ms": True}), "wan.default.delay_ms: "),
        (changed(mirror="yes please"), "mirror: "),
    ],
)
def test_a_mistake_is_named(text: str, part: str) -> None:
    assert any(part in problem for problem in problems_of(text)), problems_of(text)


def test_a_bad_topology_ends_the_command_with_one_message_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(changed(operator={"address": "nowhere"}, name=None), encoding="utf-8")
    assert main(["--topology", str(file), "up"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 3
    assert f"lab: topology {file}:" in message
    assert "name: is missing" in message
    assert "operator.address: nowhere is not an IPv4 address" in message


def test_a_missing_topology_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--topology", str(tmp_path / "none.yaml"), "status"]) == 2
    assert capsys.readouterr().err == f"lab: topology {tmp_path / 'none.yaml'}: No such file or directory\n"


def test_without_root_the_lab_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["up"]) == 2
    assert "needs root" in capsys.readouterr().err


def test_a_site_may_have_both_families_or_ipv6_alone() -> None:
    addresses = load(DEFAULT_TOPOLOGY.parent / "addresses.yaml")
    dual, six = (next(host for host in addresses.hosts if host.short == name) for name in ("dual", "six"))
    assert list(map(str, dual.addresses)) == ["192.0.2.11", "2001:db8:1::11"]
    assert list(map(str, six.addresses)) == ["2001:db8:6::11"]
    assert str(addresses.ssh(six)) == "[2001:db8:6::11]:22"
    assert list(map(str, addresses.site("both").public_prefixes)) == ["192.0.2.0/24", "2001:db8:1::/64"]
    assert list(map(str, addresses.site("six").public_prefixes)) == ["2001:db8:6::/64"]
    assert list(map(str, addresses.operator_prefixes)) == ["203.0.113.200/32", "2001:db8:ffff::200/128"]


LEFT6 = {"lan6": "2001:db8:1::/64", "gateway6": "2001:db8:1::1", "hosts": {"a1.lab.test": "2001:db8:1::11"}}


@pytest.mark.parametrize(
    ("site", "place", "what"),
    [
        ({**LEFT6, "lan6": "2001:db8:1::7/64"}, "sites.left.lan6", "is not an IPv6 network"),
        ({**LEFT6, "gateway6": None}, "sites.left.gateway6", "is missing"),
        ({**LEFT6, "gateway6": "192.0.2.1"}, "sites.left.gateway6", "is not an IPv6 address"),
        ({**LEFT6, "hosts": {"a1.lab.test": ["2001:db8:1::11", "2001:db8:1::12"]}}, "sites.left.hosts.a1.lab.test", "one IPv4 and one IPv6"),
        ({**LEFT6, "hosts": {"a1.lab.test": "2001:db8:2::11"}}, "sites.left.hosts.a1.lab.test", "outside the site's LAN"),
        ({**LEFT6, "hosts": {"a1.lab.test": "192.0.2.11"}}, "sites.left.hosts.a1.lab.test", "needs a `lan` of the site"),
        ({**LEFT6, "nat": {"address": "203.0.113.7"}}, "sites.left.nat", "has no IPv4 LAN"),
        ({**LEFT6, "lan6": "2001:4860::/64"}, "sites.left.lan6", "is public address space"),
        (LEFT6, "operator.address6", "is missing, and there are sites without IPv4"),
    ],
)  # fmt: skip
def test_a_mistake_about_ipv6_is_named(site: object, place: str, what: str) -> None:
    problems = problems_of(changed(sites__left=site))
    assert any(problem.startswith(f"{place}:") and what in problem for problem in problems), problems


def test_a_host_may_be_like_those_of_other_distributions_or_an_older_or_newer_debian() -> None:
    fields = {"address": "192.0.2.11", "like": "el9"}
    others = {"address": ["192.0.2.12"], "release": "bullseye"}
    hosts = {"a1.lab.test": fields, "a2.lab.test": others, "a3.lab.test": "192.0.2.13"}
    one, two, three = parse(changed(sites__left__hosts=hosts)).site("left").hosts
    assert (one.system, str(one.system), str(one.address)) == (System("el9"), "el9-like", "192.0.2.11")
    assert (two.system, str(two.system), str(two.address)) == (System(release="bullseye"), "bullseye", "192.0.2.12")
    assert (three.system, str(three.system)) == (System("debian", "bookworm"), "bookworm")


@pytest.mark.parametrize(
    ("host", "place", "what"),
    [
        ({"address": "192.0.2.11", "like": "el10"}, ".like", "el10 is not one of debian, el9, ubuntu"),
        ({"address": "192.0.2.11", "release": "sid"}, ".release", "sid is not one of bullseye, bookworm, trixie"),
        ({"address": "192.0.2.11", "release": "trixie", "like": "el9"}, ".release", "remove it, or remove `like`"),
        ({"like": "el9"}, ".address", "is missing"),
        ({"address": "192.0.2.11", "system": "el9"}, ".system", "is unknown here"),
    ],
)
def test_a_mistake_about_a_host_s_system_is_named(host: object, place: str, what: str) -> None:
    problems = problems_of(changed(sites__left__hosts={"a1.lab.test": host}))
    assert len(problems) == 1
    assert problems[0].startswith(f"sites.left.hosts.a1.lab.test{place}:")
    assert what in problems[0]


def test_a_host_may_be_a_machine_with_a_kernel_of_its_own_and_selinux() -> None:
    machine = {"address": "192.0.2.11", "kind": "machine"}
    strict = {"address": "192.0.2.12", "kind": "machine", "selinux": "enforcing", "like": "el9"}
    container = {"address": "192.0.2.13", "kind": "container"}
    hosts = {"a1.lab.test": machine, "a2.lab.test": strict, "a3.lab.test": container, "a4.lab.test": "192.0.2.14"}
    found = parse(changed(sites__left__hosts=hosts)).site("left").hosts
    assert [host.machine for host in found] == [True, True, False, False]
    assert [host.selinux for host in found] == [False, True, False, False]


@pytest.mark.parametrize(
    ("host", "place", "what"),
    [
        ({"kind": "jail"}, ".kind", "jail is not one of container, machine"),
        ({"kind": "machine", "selinux": "permissive"}, ".selinux", "permissive is not one of enforcing"),
        ({"selinux": "enforcing"}, ".selinux", "needs a kernel of its own: add `kind: machine`"),
    ],
)
def test_a_mistake_about_a_machine_is_named(host: dict[str, str], place: str, what: str) -> None:
    problems = problems_of(changed(sites__left__hosts={"a1.lab.test": {"address": "192.0.2.11", **host}}))
    assert len(problems) == 1
    assert problems[0].startswith(f"sites.left.hosts.a1.lab.test{place}:")
    assert what in problems[0]
