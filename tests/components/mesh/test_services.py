"""Resources of services."""

import re
from pathlib import Path

import pytest

from tests.support.examples import changed, with_workers
from tests.support.program import Registered, run_program
from tests.support.registered import COMMAND, ancestors, plain_text
from tests.support.uploads import uploaded_files

ENTRY, RUNS = "uchicago002.hl-lhc.io", "uvic001.hl-lhc.io"
WEB = {"web": {"port": 443, "hostPort": 8443, "at": ["uvic"], "from": "public", "entries": [ENTRY]}}
DISK = {"disk": {"port": 1094, "target": "storage.uvic.example:1094", "at": ["uvic"]}}
ON = changed("firewall", {"enabled": True, "ssh": ["203.0.113.0/24"]})
SERVED = f"{COMMAND} mesh-{ENTRY}-served"
Resources = dict[str, Registered]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program")


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return run_program(ON, tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def resources(place: Path) -> Resources:
    return run_program(changed("services", WEB, ON), place)


def test_only_nodes_that_serve_have_resources_and_files_for_services(
    place: Path, without: Resources, resources: Resources
) -> None:
    new = {key.split()[1] for key in resources.keys() - without.keys()}
    assert new == {f"mesh-{ENTRY}-services", f"mesh-{ENTRY}-served"}
    assert not without.keys() - resources.keys()
    assert "bind public 443 192.0.2.2" in uploaded_files(place, ENTRY, "services")["services.cfg"]
    assert not uploaded_files(place, RUNS, "services")
    assert not [name for name in uploaded_files(place, ENTRY) if name.startswith("services")]


def test_a_service_runs_no_tunnel_again(without: Resources, resources: Resources) -> None:
    different = {
        resource.name
        for key, resource in without.items()
        if plain_text(resource.inputs) != plain_text(resources[key].inputs)
    }
    opened = {f"mesh-{ENTRY}-firewalled", f"mesh-{ENTRY}-firewall-confirmed"}
    checked = f"mesh-{ENTRY}-preflight"
    assert different == {checked, f"mesh-{ENTRY}-files", *opened}, "where its port must be free, and is opened"


def test_services_come_after_the_tunnels_and_before_their_firewall_and_the_cluster(resources: Resources) -> None:
    assert {f"mesh-{ENTRY}-verified", f"mesh-{ENTRY}-files"} <= ancestors(resources, SERVED)
    assert f"mesh-{ENTRY}-served" in ancestors(resources, f"{COMMAND} mesh-{ENTRY}-firewalled")
    assert f"mesh-{ENTRY}-served" in ancestors(resources, f"{COMMAND} cluster-converged")


def test_another_service_is_applied_only_on_its_nodes_and_more_nodes_change_nothing(
    resources: Resources, tmp_path: Path
) -> None:
    line = str(resources[SERVED].inputs["create"])
    assert re.search(r"&& timeout 600 sh /var/lib/stretched-uploads/services/[0-9a-f]{16}/services.sh apply$", line)
    delete = str(resources[SERVED].inputs["delete"])
    assert " /var/lib/stretched-uploads/services/current/services.sh " in delete
    both = run_program(changed("services", {**WEB, **DISK}, ON), tmp_path)
    assert both[SERVED].inputs["create"] == line
    assert f"{COMMAND} mesh-{RUNS}-served" in both, "the inner hop of a target"
    more = with_workers(3)
    more = changed("services", {"web": {**WEB["web"], "at": [RUNS]}}, changed("firewall", ON["firewall"], more))
    assert run_program(more, tmp_path)[SERVED].inputs["create"] == line
