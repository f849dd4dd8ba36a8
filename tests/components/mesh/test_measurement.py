"""The measurement of paths: when it runs, what is logged, and that its problems never fail a run."""

import json
from pathlib import Path

import pulumi
import pytest

from tests.support.examples import HOST_KEY, changed, configuration
from tests.support.program import SECRET, SECRET_VALUE, Registered, run_program
from tests.support.registered import COMMAND, ancestors, plain_text

MEASURED = f"{COMMAND} mesh-measured"
URN = "urn:pulumi:test::stretched::stretched:index:Mesh$command:remote:Command::mesh-measured"
FAR = '{"between": ["aglt2", "mwt2"], "rtt": 310.2, "mtu": 1328, "mbps": [90.0, 80.0]}\n'
ETCD = "sites/aglt2/nodes/{}.hl-lhc.io/roles"


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Registered]:
    return run_program(configuration(), tmp_path_factory.mktemp("program"))


def test_paths_are_measured_after_the_mesh_is_verified_and_before_kubespray(resources: dict[str, Registered]) -> None:
    before = ancestors(resources, MEASURED)
    assert {f"mesh-{name}-verified" for name in ("uvic001.hl-lhc.io", "msu001.hl-lhc.io")} <= before
    assert "mesh-measured" in ancestors(resources, f"{COMMAND} cluster-converged")


def test_the_deployer_measures_and_gets_the_plan_and_its_key_as_secret_input(resources: dict[str, Registered]) -> None:
    inputs = resources[MEASURED].inputs
    assert inputs["connection"] == resources[f"{COMMAND} cluster-converged"].inputs["connection"]
    stdin = inputs["stdin"]
    assert isinstance(stdin, dict)
    assert stdin[SECRET] == SECRET_VALUE
    first, _, key = str(stdin["value"]).partition("\n")
    assert len(json.loads(first)["sites"]) == 3
    assert key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert "delete" not in inputs


def created(config: dict[str, object], directory: Path) -> dict[str, str]:
    resources = run_program(config, directory)
    return {resource.name: plain_text(resource.inputs) for resource in resources.values() if resource.type == COMMAND}


def test_a_changed_text_measures_again_and_fits_every_hosts_routes_and_changes_nothing_else(
    resources: dict[str, Registered], tmp_path: Path
) -> None:
    before = {resource.name: plain_text(resource.inputs) for resource in resources.values() if resource.type == COMMAND}
    after = created(changed("mesh/measurement", "2027-01"), tmp_path)
    different = {name for name in before if before[name] != after[name]}
    assert different == {"mesh-measured", *(name for name in before if name.endswith("-verified"))}
    again = created(changed("mesh/measurement", "2027-02"), tmp_path)
    assert {name for name in after if after[name] != again[name]} == different


def test_a_changed_endpoint_measures_again_and_another_worker_of_a_site_does_not(
    resources: dict[str, Registered], tmp_path: Path
) -> None:
    before = plain_text(resources[MEASURED].inputs)
    worker = {"address": "192.168.0.77", "endpoint": "192.0.2.77", "ssh": {"hostKey": HOST_KEY}}
    more = created(changed("sites/uvic/nodes/uvic099.hl-lhc.io", worker), tmp_path)
    assert more["mesh-measured"] == before
    moved = created(changed("sites/mwt2/nodes/uchicago002.hl-lhc.io/endpoint", "192.0.2.2:4500"), tmp_path)
    assert moved["mesh-measured"] != before


def test_one_site_is_not_measured(tmp_path: Path) -> None:
    config = configuration()
    sites = config["sites"]
    assert isinstance(sites, dict)
    resources = run_program({**config, "sites": {"mwt2": sites["mwt2"]}}, tmp_path)
    assert MEASURED not in resources
    assert f"{COMMAND} cluster-converged" in resources


def known(stdout: object) -> dict[str, object]:
    return {URN: {"type": "x", "outputs": {"stdout": stdout}}}


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: messages.append(text))
    return messages


def spread() -> dict[str, object]:
    """Return a configuration with two etcd members at one site, and the third at another."""
    roles = ["control-plane", "etcd"]
    config = changed(ETCD.format("umich001"), roles)
    return changed("sites/mwt2/nodes/uchicago004.hl-lhc.io/roles", ["worker"], config)


def test_a_preview_shows_the_last_measurement_in_the_readme_and_warns(
    tmp_path: Path, warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    run_program(spread(), tmp_path, known(FAR))
    assert [text for text in warned if "etcd" in text] == [
        "etcd's members are too far apart for its timers: a round trip between aglt2 and mwt2 takes 310 ms, the heartbeat "
        'interval is 250 ms, the election timeout 5000. Write `etcd_heartbeat_interval: "400"` and '
        '`etcd_election_timeout: "5000"` below kubernetes.variables, or give the role etcd to nodes that are nearer'
    ]
    assert "## Measured between sites" in (tmp_path / ".stretched/test/readme.md").read_text(encoding="utf-8")


def test_an_update_warns_too_and_does_not_log_the_last_measurement_again(
    tmp_path: Path, warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: logged.append(text))
    run_program(spread(), tmp_path, known(FAR + '{"problem": "uvic cannot measure: no route"}\n'))
    assert len(warned) == 1
    assert warned[0].startswith("etcd's members are too far apart")
    assert not [text for text in logged if "Measured" in text]


def test_etcd_members_at_one_site_cause_no_warning(
    tmp_path: Path, warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    run_program(configuration(), tmp_path, known(FAR))
    assert warned == []


@pytest.mark.parametrize("stdout", [None, "", "not JSON\n"])
def test_an_unreadable_measurement_in_the_state_does_not_stop_a_preview(
    tmp_path: Path, stdout: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert MEASURED in run_program(spread(), tmp_path, known(stdout))
