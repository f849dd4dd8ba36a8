"""A preview compares with what the deployer said that it applied, as the stack's state has it of the last `pulumi up`."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest
import yaml

from components.model.cluster.declared import declared
from components.model.configuration import parse
from components.model.convergence.state import State, to_data
from tests.support.examples import HOST_KEY, changed, configuration, read
from tests.support.program import registered_outputs, run_program
from tests.support.registered import plain_text
from tests.support.uploads import uploaded_files

CLUSTER = "urn:pulumi:test::stretched::stretched:index:Cluster"
URN, CONVERGED = f"{CLUSTER}::cluster", f"{CLUSTER}$command:remote:Command::cluster-converged"
COMMIT = "1c9add489750"
NEW = {"endpoint": "192.0.2.99", "institution": "x", "ssh": {"hostKey": HOST_KEY}}


def known(state: State, **outputs: object) -> dict[str, object]:
    """What the stack's state has once the deployer has applied a state."""
    printed = json.dumps(to_data(state), indent=1)
    return {
        f"{CLUSTER}::another": {"outputs": {}},
        URN: {"outputs": {}},
        CONVERGED: {"outputs": {"stdout": printed, **outputs}},
    }


def known_before(state: State, stdout: str = "following the run\nconverged") -> dict[str, object]:
    """What the state had when the program predicted it, and the deployer printed the run's progress."""
    return {URN: {"outputs": {"applied": to_data(state)}}, CONVERGED: {"outputs": {"stdout": stdout}}}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: messages.append(text))
    return messages


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    outputs: dict[str, object] = {}
    monkeypatch.setattr(pulumi, "export", outputs.__setitem__)
    return outputs


def test_the_first_run_is_foretold(tmp_path: Path, told: list[str]) -> None:
    run_program(configuration(), tmp_path)
    assert told == ["Kubespray will run:\n  1. cluster.yml: install 7 nodes"]


def test_nothing_is_foretold_when_all_is_as_it_was(tmp_path: Path, told: list[str]) -> None:
    run_program(configuration(), tmp_path, known(declared(parse(configuration(), read), COMMIT)))
    assert told == []


def test_each_run_is_foretold(tmp_path: Path, told: list[str]) -> None:
    before = parse(changed("kubernetes/version", "1.35.3"), read)
    config = changed("sites/uvic/nodes/uvic002.hl-lhc.io", {"endpoint": "192.0.2.99", "ssh": {"hostKey": HOST_KEY}})
    run_program(config, tmp_path, known(declared(before, COMMIT)))
    assert told == [
        "Kubespray will run:\n  1. scale.yml --limit uvic002.hl-lhc.io: new worker\n  2. upgrade-cluster.yml: 1.35.3 -> 1.35.4"
    ]


def test_what_the_deployer_applied_counts_and_not_what_was_declared(tmp_path: Path, told: list[str]) -> None:
    """Another run left a member that the program never declared."""
    config = changed("sites/uvic/nodes/uvic002.hl-lhc.io", NEW)
    run_program(configuration(), tmp_path, known(declared(parse(config, read), COMMIT)))
    assert told == ["Kubespray will run:\n  1. remove-node.yml uvic002.hl-lhc.io: not declared any more"]


def test_a_state_of_an_earlier_program_is_read_and_kept_until_the_deployer_prints_it(
    tmp_path: Path, told: list[str]
) -> None:
    before = known_before(declared(parse(configuration(), read), COMMIT))
    run_program(configuration(), tmp_path, before)
    assert told == []
    outputs = registered_outputs(configuration(), tmp_path, before)
    assert outputs["stretched:index:Cluster cluster"] == before[URN]["outputs"]  # type: ignore[index]


def test_the_state_has_the_members_once(tmp_path: Path) -> None:
    outputs = registered_outputs(configuration(), tmp_path, known(declared(parse(configuration(), read), COMMIT)))
    assert outputs["stretched:index:Cluster cluster"] == {}


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        ('{"version": "1.35.4"}', "in a form that is not known here"),
        ('{"version": ', "in a form that is not known here"),
        ("converged", "but not what it applied"),
    ],
)
def test_what_was_applied_and_cannot_be_read_is_an_error(tmp_path: Path, stdout: str, why: str) -> None:
    with pytest.raises(pulumi.RunError, match=why) as caught:
        run_program(configuration(), tmp_path, {CONVERGED: {"outputs": {"stdout": stdout}}})
    assert "nothing was changed on any host" in str(caught.value)


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"


def with_secrets(**variables: str) -> dict[str, object]:
    return changed("secretVariables", variables)


def given(**variables: str) -> dict[str, object]:
    """What the state has when the last run had these secret variables; the engine hands it to the program decrypted."""
    stdin = f"{KEY}{json.dumps(variables)}\n"
    return known(declared(parse(configuration(), read), COMMIT), stdin=stdin)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ({"password": "hunter2"}, {"password": "hunter3"}, "password"),
        ({}, {"password": "hunter2", "key": "hunter3"}, "key, password"),
        ({"password": "hunter2"}, {}, "password"),
    ],
)
def test_changed_secret_variables_are_foretold_by_their_names_alone(
    before: dict[str, str], after: dict[str, str], names: str, tmp_path: Path, told: list[str]
) -> None:
    found = run_program(with_secrets(**after), tmp_path, given(**before))
    assert told == [f"Kubespray will run:\n  1. cluster.yml: changed secret variables {names}"]
    assert "hunter" not in "".join(told) + "".join(plain_text(one.inputs) for one in found.values())
    outputs = registered_outputs(with_secrets(**after), tmp_path, given(**before))
    assert "hunter" not in "".join(map(plain_text, outputs.values()))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if b"hunter" in path.read_bytes()]


def test_secret_variables_that_are_as_they_were_are_no_reason_with_another_key_neither(
    tmp_path: Path, told: list[str]
) -> None:
    run_program(with_secrets(password="hunter2"), tmp_path, given(password="hunter2"))
    assert told == []


def test_secret_variables_that_cannot_be_read_are_an_error_that_does_not_show_them(tmp_path: Path) -> None:
    state = known(declared(parse(configuration(), read), COMMIT), stdin=f"{KEY}hunter2\n")
    with pytest.raises(pulumi.RunError, match="in a form that is not known here") as caught:
        run_program(configuration(), tmp_path, state)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_only_the_progress_is_shown_while_the_deployer_runs(tmp_path: Path) -> None:
    converged = run_program(configuration(), tmp_path)["command:remote:Command cluster-converged"]
    assert converged.inputs["logging"] == "stderr"


def test_what_cannot_be_done_is_refused_before_any_resource(tmp_path: Path) -> None:
    newer = replace(
        declared(parse(configuration(), read), COMMIT), version="1.36.0", fixed={"kubernetes.podCidr": "10.0.0.0/16"}
    )
    with pytest.raises(pulumi.RunError) as caught:
        run_program(configuration(), tmp_path, known(newer))
    assert str(caught.value) == (
        "2 mistakes in the configuration, nothing was changed on any host:\n"
        "  - kubernetes.podCidr: 10.0.0.0/16 cannot change to 10.233.64.0/18 in an existing cluster; write 10.0.0.0/16\n"
        "  - kubernetes.version: 1.35.4 is older than 1.36.0, which is installed; Kubernetes cannot be downgraded"
    )


def test_another_deployer_takes_over_only_when_it_is_declared(tmp_path: Path, told: list[str]) -> None:
    before = replace(declared(parse(configuration(), read), COMMIT), deployer="uchicago003.hl-lhc.io")
    run_program(configuration(), tmp_path, known(before))
    assert told == []
    run_program(changed("kubernetes/deployer", "uchicago002.hl-lhc.io"), tmp_path, known(before))
    assert told == ["uchicago002.hl-lhc.io takes over from uchicago003.hl-lhc.io as deployer"]


def test_a_name_that_comes_first_in_the_alphabet_moves_neither_deployer_nor_the_kubeconfigs_server(
    tmp_path: Path, exported: dict[str, object]
) -> None:
    before = known(declared(parse(configuration(), read), COMMIT))
    config = changed("kubernetes/apiAddress", None)
    with_another = changed("sites/aglt2/nodes/aaa1.hl-lhc.io", {**NEW, "roles": ["control-plane"]}, config)
    first, later = run_program(config, tmp_path, before), run_program(with_another, tmp_path, before)
    for name in ("mesh-measured", "cluster-converged", "cluster-kubeconfig", "cluster-playbooks"):
        key = f"command:remote:{'CopyToRemote' if name.endswith('playbooks') else 'Command'} {name}"
        assert later[key].inputs["connection"] == first[key].inputs["connection"], name
    assert 'from="192.168.0.2"' in uploaded_files(tmp_path, "uvic001.hl-lhc.io")["authorized_keys"]
    kubeconfig = exported["kubeconfig"]
    assert isinstance(kubeconfig, pulumi.Output)
    text = asyncio.get_event_loop().run_until_complete(kubeconfig.future())
    assert "server: https://192.168.0.2:6443" in str(text)


def test_the_inventory_is_the_order_in_force(tmp_path: Path, exported: dict[str, object]) -> None:
    """Kubespray run by hand from it leads with the right node."""
    before = declared(parse(configuration(), read), COMMIT)
    moved = ("uchicago003.hl-lhc.io", *(name for name in before.order if name != "uchicago003.hl-lhc.io"))
    config = changed("sites/aglt2/nodes/aaa1.hl-lhc.io", {**NEW, "roles": ["control-plane"]})
    run_program(config, tmp_path, known(replace(before, order=moved)))
    groups = yaml.safe_load(str(exported["inventory"]))["all"]["children"]
    first, second, third = (f"uchicago00{number}.hl-lhc.io" for number in (3, 2, 4))
    assert list(groups["kube_control_plane"]["hosts"]) == [first, second, third, "aaa1.hl-lhc.io"]
    assert list(groups["etcd"]["hosts"]) == [first, second, third]
    config = changed("kubernetes/firstControlPlane", third, config)
    run_program(config, tmp_path, known(replace(before, order=moved)))
    groups = yaml.safe_load(str(exported["inventory"]))["all"]["children"]
    assert next(iter(groups["kube_control_plane"]["hosts"])) == third
