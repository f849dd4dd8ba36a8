"""Reading and checking stays quick with many nodes."""

import time

import pytest

from components.model.configuration import parse_plan
from components.model.problems import ConfigError
from tests.support.examples import changed, configuration, host_key, read


def of_nodes(count: int) -> dict[str, object]:
    """Return a configuration of sites of eight public nodes each."""
    sites: dict[str, object] = {}
    for index in range(count // 8):
        nodes: dict[str, object] = {}
        for number in range(8):
            name = f"n{number}.s{index:03}.example.org"
            host = f"198.18.{index}.{number + 1}"
            nodes[name] = {
                "address": f"172.20.{index}.{number + 1}",
                "endpoint": host,
                "ssh": {"hostKey": host_key(name)},
            }
        sites[f"s{index:03}"] = {"institution": "many", "nodes": nodes}
    config: dict[str, object] = {**configuration(), "sites": sites, "mesh": {"cidr": "172.20.0.0/16"}}
    kubernetes = {
        "version": "1.35.4",
        "podCidr": "10.0.0.0/12",
        "kubespray": {"repository": "/srv/k", "commit": "a" * 40},
    }
    return changed(
        "sites/s000/nodes/n0.s000.example.org/roles", ["control-plane", "etcd"], {**config, "kubernetes": kubernetes}
    )


def test_256_nodes_are_read_and_checked_in_a_second_of_the_processor() -> None:
    config = of_nodes(256)
    start = time.process_time()
    assert len(parse_plan(config, read).spec.nodes) == 256
    assert time.process_time() - start < 1


def test_as_many_mistakes_take_no_longer() -> None:
    config = {**of_nodes(256), "mesh": {"cidr": "172.21.0.0/16"}}
    start = time.process_time()
    with pytest.raises(ConfigError, match="256 mistakes"):
        parse_plan(config, read)
    assert time.process_time() - start < 3
