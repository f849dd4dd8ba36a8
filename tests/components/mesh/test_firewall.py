"""Resources of hosts with a firewall."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.examples import changed, with_workers
from tests.support.program import Registered, run_program
from tests.support.registered import COMMAND, ancestors, plain_text
from tests.support.uploads import uploaded_files

ON = {"enabled": True, "ssh": ["203.0.113.0/24"]}
UVIC = "uvic001.hl-lhc.io"
LOADED, CONFIRMED = f"{COMMAND} mesh-{UVIC}-firewalled", f"{COMMAND} mesh-{UVIC}-firewall-confirmed"
Resources = dict[str, Registered]
MESH_ALONE = """
import json
import pulumi
from components import Mesh, declare

config = pulumi.Config("stretched")
sections = {name: json.loads(config.require(name)) for name in ("mesh", "ssh", "kubernetes", "sites")}
declaration = declare(sections)
deployer, last = declaration.deployer, declaration.last
Mesh("mesh", {"plan": declaration.plan, "deployer": deployer, "last": last, "kubernetes": False})
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program")


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return run_program(changed("firewall", {"enabled": False}), tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def resources(place: Path) -> Resources:
    return run_program(changed("firewall", ON), place)


def line(resources: Resources, name: str) -> str:
    return str(resources[name].inputs["create"])


def known(**created: str) -> dict[str, object]:
    """Return the stack's state with these commands of uvic001."""
    urn = "urn:pulumi:test::stretched::stretched:index:Firewall$command:remote:Command::"
    return {f"{urn}{UVIC}-{name.replace('_', '-')}": {"outputs": {"create": text}} for name, text in created.items()}


def test_a_firewall_adds_three_resources_for_each_host(without: Resources, resources: Resources) -> None:
    new = {key.split()[1] for key in resources.keys() - without.keys()}
    hosts = {name.removesuffix("-firewall") for name in new if name.endswith("-firewall")}
    assert len(hosts) == 7
    assert new == {f"{host}-{suffix}" for host in hosts for suffix in ("firewall", "firewalled", "firewall-confirmed")}
    assert not without.keys() - resources.keys()


def test_a_firewall_runs_no_tunnel_again(without: Resources, resources: Resources) -> None:
    different = {
        resource.name.removeprefix(f"mesh-{UVIC}")
        for key, resource in without.items()
        if UVIC in resource.name and plain_text(resource.inputs) != plain_text(resources[key].inputs)
    }
    assert different == {"-preflight", "-files"}


def test_firewalls_come_after_the_tunnels_and_before_the_cluster(resources: Resources) -> None:
    assert {f"mesh-{UVIC}-verified", f"mesh-{UVIC}-files"} <= ancestors(resources, LOADED)
    assert f"mesh-{UVIC}-firewalled" in ancestors(resources, CONFIRMED)
    assert f"mesh-{UVIC}-firewall-confirmed" in ancestors(resources, f"{COMMAND} cluster-converged")


def test_a_connection_that_fails_after_loading_is_explained(resources: Resources) -> None:
    explained = {resource.name for resource in resources.values() if resource.on_error}
    assert len(explained) == 7
    assert resources[CONFIRMED].on_error == (f"mesh-{UVIC}-firewall-unconfirmed",)


def test_the_upload_holds_the_open_ports_and_the_preflight_gets_the_ranges_for_ssh(
    place: Path, resources: Resources
) -> None:
    declared = uploaded_files(place, UVIC, "firewall")["firewall.conf"]
    assert declared == "udp 51820\nssh 203.0.113.0/24\nmesh 192.168.0.0/24\n"
    preflight = resources[f"{COMMAND} mesh-{UVIC}-preflight"].inputs
    assert str(preflight["create"]).endswith(" ssh=203.0.113.0/24,192.168.0.0/24")
    assert str(preflight["stdin"]).index("ssh_connection()") < str(preflight["stdin"]).index("firewall.ssh would lock")


def test_every_host_gets_what_all_firewalls_must_let_through(tmp_path: Path) -> None:
    """No firewall is declared here."""
    run_program(changed("firewall", {"enabled": False}), tmp_path)
    opened = uploaded_files(tmp_path, UVIC, "node")["open.conf"]
    assert opened.splitlines() == [
        "udp 51820",
        "device wg0",
        "pods cali*",
        "pods vxlan.*",
        "pods flannel.*",
        "pods cni0",
    ]


def test_a_mesh_without_a_cluster_needs_its_port_and_wg0_alone(tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    alone.write_text(MESH_ALONE, encoding="utf-8")
    run_program(changed("mesh/listenPort", 4500), tmp_path, program=alone)
    assert uploaded_files(tmp_path, UVIC, "node")["open.conf"] == "udp 4500\ndevice wg0\n"


def test_a_site_without_a_firewall_has_no_firewall_resources(tmp_path: Path) -> None:
    config = changed("sites/uvic/firewall", {"enabled": False}, changed("firewall", ON))
    resources = run_program(config, tmp_path)
    assert LOADED not in resources
    assert LOADED.replace(UVIC, "msu001.hl-lhc.io") in resources
    assert not uploaded_files(tmp_path, UVIC, "firewall")


def test_changed_ranges_load_and_confirm_the_firewall_again_and_changed_peers_do_not(
    resources: Resources, tmp_path: Path
) -> None:
    other = run_program(changed("firewall", {**ON, "ssh": ["198.51.100.0/24"]}), tmp_path)
    assert line(other, LOADED) != line(resources, LOADED)
    assert line(other, CONFIRMED).split()[-1] == line(other, LOADED).split()[-1]
    different = {
        resource.name.removeprefix(f"mesh-{UVIC}")
        for key, resource in resources.items()
        if UVIC in resource.name and plain_text(resource.inputs) != plain_text(other[key].inputs)
    }
    assert different == {"-preflight", "-files", "-firewalled", "-firewall-confirmed"}
    peers = run_program(changed("firewall", ON, with_workers(3)), tmp_path)
    assert line(peers, LOADED) == line(resources, LOADED)


def test_a_firewall_that_was_loaded_and_never_confirmed_is_loaded_again(resources: Resources, tmp_path: Path) -> None:
    first, confirmed = line(resources, LOADED), line(resources, CONFIRMED)
    assert first.endswith(".1")

    def again(**created: str) -> list[str]:
        resources = run_program(changed("firewall", ON), tmp_path, known(**created))
        assert line(resources, LOADED).split()[-1] == line(resources, CONFIRMED).split()[-1]
        return line(resources, LOADED).split()[-1].split(".")

    digest = first.split()[-1].split(".")[0]
    assert again(firewalled=first, firewall_confirmed=confirmed) == [digest, "1"]
    assert again(firewalled=first) == [digest, "2"]
    assert again(firewalled=first, firewall_confirmed="x confirm 0123456789abcdef.4") == [digest, "2"]
    second, kept = (text.replace(".1", ".2") for text in (first, confirmed))
    assert again(firewalled=second, firewall_confirmed=confirmed) == [digest, "3"]
    assert again(firewalled=second, firewall_confirmed=kept) == [digest, "2"]
    assert again(firewalled="x apply 0123456789abcdef.7") == [digest, "1"]


def test_a_nodes_share_of_the_state_does_not_grow_with_the_others(resources: Resources, tmp_path: Path) -> None:
    more = run_program(changed("firewall", ON, with_workers(20)), tmp_path)

    def share(resources: Resources) -> Counter[str]:
        mine = [resource for resource in resources.values() if resource.name.startswith(f"mesh-{UVIC}")]
        assert len(mine) > 7
        return Counter({
            "resources": len(mine),
            "dependencies": sum(len(resource.dependencies) for resource in mine),
            "bytes in the clear": sum(len(plain_text(resource.inputs)) for resource in mine),
        })  # fmt: skip

    assert share(more) == share(resources)
