"""Resources of the program: names, order, secrecy, and that a node's share of the state does not grow with the others."""

import json
from collections import Counter
from pathlib import Path

import pytest

from components.model.mesh import key_derivation as keys
from tests.support.examples import TREE, changed, configuration, with_workers
from tests.support.program import SECRET, SECRET_VALUE, run_program
from tests.support.registered import COMMAND, COPY, Resources, ancestors, plain_text, remote


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    return run_program(configuration(), tmp_path_factory.mktemp("program"))


def test_names_and_types_do_not_change_because_a_rename_replaces_the_resource(resources: Resources) -> None:
    golden = TREE / "tests/components/program/urns.txt"
    assert sorted(resource.urn for resource in resources.values()) == golden.read_text(encoding="utf-8").splitlines()


def test_a_stack_from_before_meshes_had_their_own_names_keeps_its_resources(resources: Resources) -> None:
    former = (TREE / "tests/components/program/former_urns.txt").read_text(encoding="utf-8").splitlines()
    kept = {urn for resource in resources.values() for urn in (resource.urn, *resource.aliases)}
    assert not set(former) - kept


def test_the_cluster_and_its_seeds_are_protected(resources: Resources, tmp_path: Path) -> None:
    protected = {resource.name for resource in resources.values() if resource.protect}
    assert protected == {"cluster-converged", "mesh-seed", "mesh-deployer-seed"}
    free = run_program(changed("protect", value=False), tmp_path)
    assert not any(resource.protect for resource in free.values())


def test_names_come_from_configuration_keys_and_not_from_positions(tmp_path: Path) -> None:
    config = configuration()
    sites = config["sites"]
    assert isinstance(sites, dict)
    config["sites"] = dict(reversed(sites.items()))
    reordered = run_program(config, tmp_path)
    golden = TREE / "tests/components/program/urns.txt"
    assert sorted(resource.urn for resource in reordered.values()) == golden.read_text(encoding="utf-8").splitlines()


def test_every_connection_checks_the_host_key(resources: Resources) -> None:
    assert len(remote(resources)) > 7 * 5
    for resource in remote(resources):
        connection = resource.inputs["connection"]
        if isinstance(connection, dict) and SECRET in connection:
            connection = connection["value"]
        assert isinstance(connection, dict)
        assert str(connection["hostKey"]).startswith("ssh-ed25519 AAAA"), resource.name
        assert connection["dialErrorLimit"] == 3


def test_no_command_puts_its_previous_output_into_the_environment_or_has_triggers(resources: Resources) -> None:
    for resource in remote(resources):
        if resource.type == COMMAND:
            assert resource.inputs["addPreviousOutputInEnv"] is False
            assert "triggers" not in resource.inputs
            assert "environment" not in resource.inputs


def test_every_command_has_a_time_limit(resources: Resources) -> None:
    for resource in remote(resources):
        if resource.type == COMMAND:
            assert str(resource.inputs["create"]).startswith("timeout "), resource.name


def test_secrets_are_secret(resources: Resources) -> None:
    for name in ("mesh-uvic001.hl-lhc.io-grown", "cluster-converged"):
        stdin = resources[f"{COMMAND} {name}"].inputs["stdin"]
        assert isinstance(stdin, dict)
        assert stdin[SECRET] == SECRET_VALUE
    for name in ("mesh-uvic001.hl-lhc.io-grown", "cluster-kubeconfig"):
        resource = resources[f"{COMMAND} {name}"]
        assert {"stdout", "stderr"} <= set(resource.additional_secret_outputs)
        assert resource.inputs["logging"] == "none"


def test_no_private_key_is_outside_a_secret_value(resources: Resources) -> None:
    seeds = [
        f"seed-of-{name}".ljust(64, "x") for name in ("deployer-seed", "mesh-seed", "mesh-uvic001.hl-lhc.io-key-seed")
    ]
    private = [keys.wireguard_private_key(seed) for seed in seeds]
    for resource in resources.values():
        text = plain_text(resource.inputs)
        assert "PRIVATE KEY" not in text, resource.name
        assert not [key for key in [*private, *seeds] if key in text], resource.name


def test_public_keys_are_not_secret(resources: Resources) -> None:
    catalogue = json.loads(str(resources["command:local:Command mesh-catalogue"].inputs["stdin"]))
    assert len(catalogue) == 7
    assert all(len(key) == 44 for key in catalogue.values())


def test_the_order_is_preflight_prepare_grow_verify_converge_prune(resources: Resources) -> None:
    nodes = [
        name.removesuffix("-grown").removeprefix(f"{COMMAND} ") for name in resources if name.endswith(".io-grown")
    ]
    assert len(nodes) == 7

    def all_of(step: str) -> set[str]:
        return {f"{name}-{step}" for name in nodes}

    node = "uvic001.hl-lhc.io"
    assert all_of("preflight") <= ancestors(resources, f"{COPY} mesh-{node}-files")
    assert all_of("preflight") <= ancestors(resources, f"{COPY} cluster-playbooks")
    # SFTP cannot tell that another upload makes the same directory at the same moment.
    assert "mesh-uchicago002.hl-lhc.io-files" in ancestors(resources, f"{COPY} cluster-playbooks")
    assert "cluster-playbooks" in ancestors(resources, f"{COPY} cluster-inventory")
    assert f"mesh-{node}-prepared" in ancestors(resources, f"{COMMAND} mesh-{node}-grown")
    assert all_of("grown") <= ancestors(resources, f"{COMMAND} mesh-{node}-verified")
    assert all_of("verified") <= ancestors(resources, f"{COMMAND} cluster-converged")
    assert "cluster-converged" in ancestors(resources, f"{COMMAND} mesh-{node}-pruned")
    assert "cluster-converged" in ancestors(resources, f"{COMMAND} cluster-kubeconfig")


def test_a_nodes_share_of_the_state_does_not_grow_with_the_others(resources: Resources, tmp_path: Path) -> None:
    more = run_program(with_workers(20), tmp_path)
    prefix = "mesh-uvic001.hl-lhc.io-"

    def share(resources: Resources) -> Counter[str]:
        mine = [resource for resource in resources.values() if resource.name.startswith(prefix)]
        assert len(mine) > 7
        return Counter({
            "resources": len(mine),
            "dependencies": sum(len(resource.dependencies) for resource in mine),
            "property dependencies": sum(len(urns) for r in mine for urns in r.property_dependencies.values()),
            "bytes in the clear": sum(len(plain_text(resource.inputs)) for resource in mine),
        })  # fmt: skip

    assert share(more) == share(resources)


def test_a_label_changes_the_cluster_and_no_tunnel(resources: Resources, tmp_path: Path) -> None:
    labelled = run_program(changed("sites/uvic/nodes/uvic001.hl-lhc.io/labels", {"rack": "12"}), tmp_path)
    different = {
        resource.name
        for key, resource in labelled.items()
        if plain_text(resource.inputs) != plain_text(resources[key].inputs)
    }
    assert different == {"cluster-inventory", "cluster-converged", "cluster-kubeconfig"}


def test_two_runs_render_the_same(resources: Resources, tmp_path: Path) -> None:
    again = run_program(configuration(), tmp_path)
    assert {key: plain_text(resource.inputs) for key, resource in again.items()} == {
        key: plain_text(resource.inputs) for key, resource in resources.items()
    }
