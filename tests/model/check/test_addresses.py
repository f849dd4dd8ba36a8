"""Two nodes whose addresses meet: which of them is to take another."""

import copy
from ipaddress import IPv4Network

import pytest

from components.model.configuration import parse
from components.model.mesh.addressing import derived_address
from components.model.problems import ConfigError
from tests.support.examples import changed, host_key, read, three_sites

CIDR = IPv4Network("192.168.7.0/24")


def meeting() -> tuple[str, str]:
    """Return two names whose addresses are the same, and unlike those of all others."""
    taken = {node.address for node in parse(three_sites(), read).nodes}
    seen: dict[object, str] = {}
    for number in range(200):
        name = f"w{number}.lab.test"
        address = derived_address(name, CIDR)
        if address in seen and address not in taken and address not in IPv4Network("192.168.7.128/25"):
            return seen[address], name
        seen[address] = name
    raise AssertionError


FIRST, SECOND = meeting()
ADDRESS = str(derived_address(FIRST, CIDR))


def config_of(**written: str) -> dict[str, object]:
    config = copy.deepcopy(three_sites())
    for index, name in enumerate((FIRST, SECOND)):
        node: dict[str, object] = {"endpoint": f"192.0.2.{90 + index}", "ssh": {"hostKey": host_key(name)}}
        if ("first", "second")[index] in written:
            node["address"] = written[("first", "second")[index]]
        config = changed(f"sites/open/nodes/{name}", node, config)
    return config


def messages_of(config: dict[str, object], known: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(config, read, known)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("old", "new"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_the_one_that_has_it_since_the_last_run_keeps_it_and_the_new_one_moves(old: str, new: str) -> None:
    assert messages_of(config_of(), {old: ADDRESS, "gate.lab.test": "192.168.7.3"}) == [
        f"sites.open.nodes.{new}.address: {ADDRESS} has been the address of {old} since the last run; "
        "write a free address of 192.168.7.0/24, such as 192.168.7.8"
    ]


def test_the_new_one_moves_also_when_its_address_is_written() -> None:
    (actual,) = messages_of(config_of(second=ADDRESS), {FIRST: ADDRESS})
    assert actual.startswith(
        f"sites.open.nodes.{SECOND}.address: {ADDRESS} has been the address of {FIRST} since the last run; write"
    )


@pytest.mark.parametrize("known", [{}, {FIRST: "192.168.7.77"}])
def test_where_nothing_is_known_both_are_named_and_either_may_move(known: dict[str, str]) -> None:
    assert messages_of(config_of(), known) == [
        f"sites.open.nodes.{SECOND}.address: {ADDRESS} is derived from both names, {FIRST} and {SECOND}; "
        f"write a free address of 192.168.7.0/24, such as 192.168.7.8 here, or at {FIRST}"
    ]


def test_a_written_address_stays_and_the_derived_one_moves() -> None:
    config = changed("sites/closed/nodes/closed1.lab.test/address", ADDRESS, config_of(second="192.168.7.77"))
    (actual,) = messages_of(config, {})
    assert actual.startswith(
        f"sites.open.nodes.{FIRST}.address: {ADDRESS} is already used by closed1.lab.test; write a"
    )
