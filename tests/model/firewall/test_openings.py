"""Which hosts have a firewall, and what it lets in."""

import pytest

from components.model.configuration import parse, parse_plan
from components.model.files.firewall_conf import firewall_conf
from components.model.firewall.openings import openings, ssh_ranges
from tests.support.examples import changed, configuration, read
from tests.support.mistakes import Mistake, mistakes

ON: dict[str, object] = {"enabled": True, "ssh": ["203.0.113.0/24", "2001:db8::7"]}
UVIC = "uvic001.hl-lhc.io"
CONTROL_PLANE = "uchicago002.hl-lhc.io"


def lines(config: dict[str, object], name: str) -> list[str]:
    plan = parse_plan(config, read)
    found = openings(plan, plan.spec.node(name))
    return firewall_conf(found).splitlines() if found else []


def test_no_host_has_one_where_none_is_declared() -> None:
    plan = parse_plan(configuration(), read)
    spec = plan.spec
    assert [openings(plan, node) for node in spec.nodes] == [None] * 7
    assert [ssh_ranges(site, spec.mesh) for site in spec.sites] == [()] * 3


def test_the_wireguard_port_and_ssh_from_the_ranges_are_open() -> None:
    config = changed("firewall", ON, changed("mesh/listenPort", 4500))
    assert lines(config, UVIC) == ["udp 4500", "ssh 203.0.113.0/24", "ssh 2001:db8::7/128", "mesh 192.168.0.0/24"]


def test_the_api_is_open_on_control_plane_nodes_when_it_has_an_address_outside() -> None:
    config = changed("firewall", ON)
    assert "tcp 6443" not in lines(
        changed("kubernetes/apiAddress", None, changed("kubernetes/apiAddress", "x", config)), CONTROL_PLANE
    )
    config = changed("kubernetes/apiAddress", "api.example.org:443", config)
    assert "tcp 6443" in lines(config, CONTROL_PLANE), "a load balancer may have another port, the hosts have theirs"
    assert "tcp 6443" not in lines(config, UVIC)
    assert "tcp 8443" in lines(changed("kubernetes/variables", {"kube_apiserver_port": 8443.0}, config), CONTROL_PLANE)


def test_a_site_may_say_otherwise() -> None:
    config = changed("sites/uvic/firewall", {"ssh": ["198.51.100.0/24"]}, changed("firewall", ON))
    assert "ssh 198.51.100.0/24" in lines(config, UVIC)
    assert "ssh 203.0.113.0/24" not in lines(config, UVIC)
    assert "ssh 203.0.113.0/24" in lines(config, CONTROL_PLANE)
    off = changed("sites/uvic/firewall", {"enabled": False}, changed("firewall", ON))
    assert lines(off, UVIC) == []
    only = changed("sites/uvic/firewall", ON)
    assert lines(only, UVIC)
    assert lines(only, CONTROL_PLANE) == []
    ranges_above = changed("sites/uvic/firewall", {"enabled": True}, changed("firewall", {"ssh": ["203.0.113.0/24"]}))
    assert "ssh 203.0.113.0/24" in lines(ranges_above, UVIC)


def test_pulumi_may_also_come_over_wg0() -> None:
    spec = parse(changed("firewall", ON), read)
    assert ssh_ranges(spec.sites[0], spec.mesh) == ("203.0.113.0/24", "2001:db8::7/128", "192.168.0.0/24")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("firewall", {"enabled": True}, ("firewall.ssh", "missing")),
        ("firewall", {"enabled": True, "ssh": []}, ("firewall.ssh", "missing")),
        ("firewall", {"ssh": ["203.0.113.0/24"]}, ("firewall.enabled", "missing")),
        ("firewall", {"enabled": "yes"}, ("firewall.enabled", "not-a-flag")),
        ("firewall", {"enabled": True, "ssh": ["203.0.113.7/24"]}, ("firewall.ssh", "not-a-range")),
        ("firewall", {"enabled": True, "ssh": ["office"]}, ("firewall.ssh", "not-a-range")),
        ("firewall", {"enabled": True, "ssh": "203.0.113.0/24"}, ("firewall.ssh", "not-a-list")),
        ("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"], "ports": [80]}, ("firewall.ports", "unknown-field")),
        ("firewall", ["on"], ("firewall", "not-a-mapping")),
        ("sites/uvic/firewall", {"enabled": True}, ("sites.uvic.firewall.ssh", "missing")),
        ("sites/uvic/firewal", {"enabled": True}, ("sites.uvic.firewal", "unknown-field")),
    ],
)  # fmt: skip
def test_a_mistake_is_named(path: str, value: object, expected: Mistake) -> None:
    assert mistakes(changed(path, value, configuration())) == [expected]
