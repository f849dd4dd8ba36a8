"""Tunnels of nodes that reach each other through a gateway."""

from pathlib import Path

import pytest

from tests.support.examples import changed, host_key, three_sites
from tests.support.program import Registered, run_program
from tests.support.registered import COMMAND, plain_text, secrets, uploaded
from tests.support.uploads import uploaded_files

INNER = "inner1.lab.test"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program")


@pytest.fixture(scope="module")
def resources(place: Path) -> dict[str, Registered]:
    return run_program(three_sites(), place)


@pytest.mark.usefixtures("resources")
def test_only_the_gateway_forwards(place: Path) -> None:
    for name in (INNER, "open1.lab.test", "closed1.lab.test"):
        assert not [line for line in uploaded(place, name) if "# relay" in line]
    assert "# relay: forwards from wg0 to wg0" in uploaded(place, "gate.lab.test")


@pytest.mark.usefixtures("resources")
def test_a_node_behind_a_gateway_has_peers_for_its_tunnels_only(place: Path) -> None:
    allowed = {line for line in uploaded(place, INNER) if line.startswith("AllowedIPs")}
    assert allowed == {
        "AllowedIPs = 192.168.7.3/32, 192.168.7.6/32, 192.168.7.7/32",
        "AllowedIPs = 192.168.7.5/32",
        "AllowedIPs = 192.168.7.1/32",
        "AllowedIPs = 192.168.7.2/32",
    }
    assert "Endpoint = 10.1.0.11:51820" in uploaded(place, INNER)
    assert "Endpoint = 203.0.113.8:4500" in uploaded(place, "closed2.lab.test")


def test_each_tunnel_has_a_preshared_key_that_is_the_same_on_both_sides(resources: dict[str, Registered]) -> None:
    inner = secrets(resources, INNER)
    assert [line.split()[1] for line in inner[1:]] == [f"192.168.7.{last}/32" for last in (3, 5, 1, 2)]
    gate = secrets(resources, "gate.lab.test")
    key = next(line.split()[2] for line in inner if "192.168.7.3/" in line)
    assert f"psk 192.168.7.4/32 {key}" in gate


def test_a_nodes_share_of_the_state_does_not_grow_with_those_behind_the_gateway(
    resources: dict[str, Registered], tmp_path: Path
) -> None:
    config = three_sites()
    for index in range(10):
        node = {
            "address": f"192.168.7.{50 + index}",
            "lanAddress": f"10.2.0.{50 + index}",
            "ssh": {"host": f"h{index}", "hostKey": host_key(f"more{index}")},
        }
        config = changed(f"sites/closed/nodes/more{index}.lab.test", node, config)
    more = run_program(config, tmp_path)

    def share(resources: dict[str, Registered]) -> tuple[int, int, int]:
        mine = [resource for resource in resources.values() if resource.name.startswith(f"mesh-{INNER}")]
        assert len(mine) > 7
        clear = sum(len(plain_text(resource.inputs)) for resource in mine)
        return len(mine), sum(len(resource.dependencies) for resource in mine), clear

    assert share(more) == share(resources)
    assert secrets(more, INNER) == secrets(resources, INNER)


def test_a_changed_gateway_repeats_the_preflight(resources: dict[str, Registered], tmp_path: Path) -> None:
    other = run_program(changed("sites/open/gateway", "open1.lab.test", three_sites()), tmp_path)
    name = f"{COMMAND} mesh-{INNER}-preflight"
    assert other[name].inputs["create"] != resources[name].inputs["create"]


def two_gateways() -> dict[str, object]:
    config = changed("sites/oneport/gateway", ["gate.lab.test", INNER], three_sites())
    return changed("sites/oneport/endpoint", ["203.0.113.8:4500", "203.0.113.8:4501"], config)


def test_failover_conf_names_the_gateways_and_what_takes_over_when_one_is_down(tmp_path: Path) -> None:
    run_program(two_gateways(), tmp_path)

    def failover(name: str) -> list[str]:
        return uploaded_files(tmp_path, name)["failover.conf"].splitlines()[1:]

    assert failover("inner2.lab.test") == [
        "gateway 192.168.7.3 gate.lab.test",
        "gateway 192.168.7.4 inner1.lab.test",
        "when 192.168.7.3 use 192.168.7.4 for 192.168.7.6 192.168.7.7",
    ]
    assert failover("open1.lab.test") == []
    for name in ("gate.lab.test", INNER):
        assert "# relay: forwards from wg0 to wg0" in uploaded(tmp_path, name), (
            "both gateways must be able to forward at once"
        )


def test_a_second_gateway_adds_no_resource_and_repeats_the_preflight(
    resources: dict[str, Registered], tmp_path: Path
) -> None:
    other = run_program(two_gateways(), tmp_path)
    assert other.keys() == resources.keys()
    name = f"{COMMAND} mesh-open1.lab.test-preflight"
    assert other[name].inputs["create"] != resources[name].inputs["create"]
