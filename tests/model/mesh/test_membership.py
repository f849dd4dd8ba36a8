"""The facts of the mesh for which every host is checked again."""

import pytest

from components.model.configuration import parse
from components.model.mesh.membership import membership
from tests.support.examples import HOST_KEY, changed, example, read, three_sites


def test_it_has_a_line_for_each_fact() -> None:
    assert membership(parse(three_sites(), read)).splitlines()[:6] == [
        "mesh 192.168.7.0/24 port 51820 mtu 1420 rotation ''",
        "preshared keys True",
        "node closed1.lab.test 192.168.7.6 endpoints none keepalive 25 rotation ''",
        "node closed1.lab.test at 10.2.0.11 of its LAN",
        "node closed2.lab.test 192.168.7.7 endpoints none keepalive 25 rotation ''",
        "node gate.lab.test 192.168.7.3 endpoints 203.0.113.8:4500 keepalive None rotation ''",
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sites/uvic/nodes/uvic001.hl-lhc.io/labels", {"rack": "12"}),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/taints", ["dedicated=gpu:NoSchedule"]),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/ssh", {"hostKey": HOST_KEY}),
        ("mesh/measurement", "2027-01"),
        ("kubernetes/version", "1.35.3"),
        ("services", {"web": {"port": 443, "nodePort": 30443, "from": "public"}}),
    ],
)
def test_what_concerns_one_host_or_the_cluster_is_not_in_it(path: str, value: object) -> None:
    assert membership(parse(changed(path, value), read)) == membership(example())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mesh/rotation", "2027-01"),
        ("mesh/mtu", 1400),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/endpoint", "192.0.2.77:4500"),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/address", "192.168.0.77"),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/keepalive", 20),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/rotation", "2027-01"),
        ("sites/uvic/nodes/uvic001.hl-lhc.io/ipFamilies", ["IPv4", "IPv6"]),
        ("sites/uvic/gateway", "uvic001.hl-lhc.io"),
    ],
)
def test_what_concerns_several_hosts_is_in_it(path: str, value: object) -> None:
    assert membership(parse(changed(path, value), read)) != membership(example())
