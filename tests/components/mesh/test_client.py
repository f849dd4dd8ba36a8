"""Resources of roaming clients, and their configurations."""

import asyncio
import json
from pathlib import Path

import pulumi
import pytest

from components.model.mesh import key_derivation as keys
from tests.support.examples import changed, with_clients
from tests.support.program import Registered, run_program
from tests.support.registered import COMMAND, plain_text, secrets, uploaded

GATE = "gate.lab.test"
Resources = dict[str, Registered]


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    outputs: dict[str, object] = {}
    monkeypatch.setattr(pulumi, "export", outputs.__setitem__)
    return outputs


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "program"


@pytest.fixture
def resources(place: Path) -> Resources:
    place.mkdir()
    return run_program(with_clients(ada={}, bea={}), place)


def changes(before: Resources, after: Resources) -> set[str]:
    """Return the names of added, removed and changed resources."""

    def inputs(resources: Resources, key: str) -> str:
        return json.dumps(resources[key].inputs, sort_keys=True) if key in resources else ""

    return {key.split()[1] for key in before.keys() | after.keys() if inputs(before, key) != inputs(after, key)}


STEPS = ("files", "prepared", "grown", "verified", "pruned")


def test_removing_a_client_changes_only_its_gateway(resources: Resources, tmp_path: Path) -> None:
    fewer = run_program(with_clients(ada={}), tmp_path)
    of_client = {"mesh-bea", "mesh-bea-key", "mesh-bea-key-seed"}
    assert changes(resources, fewer) == {f"mesh-{GATE}-{step}" for step in STEPS} | of_client
    assert "# client: bea" not in uploaded(tmp_path, GATE)


def test_rotating_a_clients_keys_changes_only_its_gateway(resources: Resources, tmp_path: Path) -> None:
    rotated = run_program(with_clients(ada={}, bea={"rotation": "2"}), tmp_path)
    assert {name.split("-")[1] for name in changes(resources, rotated)} == {GATE, "bea"}


def test_the_gateway_has_the_client_and_a_preshared_key_for_it(resources: Resources, place: Path) -> None:
    conf = uploaded(place, GATE)
    assert conf[conf.index("# client: ada") - 1] == "[Peer]"
    public = keys.wireguard_public_key(keys.wireguard_private_key("seed-of-mesh-ada-key-seed".ljust(64, "x")))
    assert f"PublicKey = {public}" in conf
    assert len(secrets(resources, GATE)) == 1 + 6 + 2
    assert not [line for line in uploaded(place, "closed1.lab.test") if "client" in line]


def test_the_output_is_a_complete_configuration_with_both_keys_and_secret(
    exported: dict[str, object], tmp_path: Path
) -> None:
    resources = run_program(with_clients(ada={}, bea={}), tmp_path)
    output = exported["clients"]
    assert isinstance(output, pulumi.Output)
    loop = asyncio.get_event_loop()  # the program's
    assert loop.run_until_complete(output.is_secret())
    configurations = loop.run_until_complete(output.future())
    assert configurations is not None
    assert set(configurations) == {"ada", "bea"}
    private = keys.wireguard_private_key("seed-of-mesh-ada-key-seed".ljust(64, "x"))
    assert f"PrivateKey = {private}\n" in str(configurations["ada"])
    shared = str(configurations["ada"]).split("PresharedKey = ")[1].split("\n")[0]
    assert any(line.endswith(shared) for line in secrets(resources, GATE))
    for resource in resources.values():
        text = plain_text(resource.inputs)
        assert private not in text
        assert shared not in text, resource.name
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert private.encode() not in file.read_bytes()


def test_without_clients_there_is_no_such_output(exported: dict[str, object], tmp_path: Path) -> None:
    run_program(changed("clients", None, with_clients()), tmp_path)
    assert "kubeconfig" in exported
    assert "clients" not in exported


def test_a_range_for_clients_repeats_every_preflight_and_a_client_does_not(
    resources: Resources, tmp_path: Path
) -> None:
    name = f"{COMMAND} mesh-closed1.lab.test-preflight"
    for directory, config, same in (
        ("one", with_clients(ada={}), True),
        ("other", changed("sites/oneport/clients", None, changed("clients", None, with_clients())), False),
    ):
        (tmp_path / directory).mkdir()
        other = run_program(config, tmp_path / directory)
        assert (other[name].inputs == resources[name].inputs) == same
