"""A preview compares the declaration with the applied state, which the deployer printed in the last `pulumi up`."""

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
    """Return the stack's state after the deployer has applied `state`."""
    printed = json.dumps(to_data(state), indent=1)
    return {
        f"{CLUSTER}::another": {"outputs": {}},
        URN: {"outputs": {}},
        CONVERGED: {"outputs": {"stdout": printed, **outputs}},
    }


def known_before(state: State, stdout: str = "following the run\nconverged") -> dict[str, object]:
    """Return the stack's state of earlier versions: the program predicted the applied state, the deployer printed its progress."""
    return {URN: {"outputs": {"applied": to_data(state)}}, CONVERGED: {"outputs": {"stdout": stdout}}}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: messages.append(text))
    return messages


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    outputs: dict[str, object] = {}
    monkeypatch.setattr(pulumi, "export", outputs.__setitem__)
    return outputs


def test_the_first_run_is_announced(tmp_path: Path, log: list[str]) -> None:
    run_program(configuration(), tmp_path)
    assert log[1:] == ["Kubespray will run:\n  1. cluster.yml: install 7 nodes"]
    names = ", ".join(node.name for node in parse(configuration(), read).nodes)
    assert log[0] == f"Kubespray also changes {names} (docs/security.md):{AS_IT_IS}"


def test_an_unchanged_declaration_announces_nothing(tmp_path: Path, log: list[str]) -> None:
    run_program(configuration(), tmp_path, known(declared(parse(configuration(), read), COMMIT)))
    assert log == []


def test_each_playbook_is_announced(tmp_path: Path, log: list[str]) -> None:
    before = parse(changed("kubernetes/version", "1.35.3"), read)
    config = changed("sites/uvic/nodes/uvic002.hl-lhc.io", {"endpoint": "192.0.2.99", "ssh": {"hostKey": HOST_KEY}})
    run_program(config, tmp_path, known(declared(before, COMMIT)))
    assert log == [
        f"Kubespray also changes uvic002.hl-lhc.io (docs/security.md):{AS_IT_IS}",
        "Kubespray will run:\n  1. scale.yml --limit uvic002.hl-lhc.io: new worker\n  2. upgrade-cluster.yml: 1.35.3 -> 1.35.4",
    ]


def test_what_the_users_variables_change_on_new_hosts_is_announced(tmp_path: Path, log: list[str]) -> None:
    variables = {"preinstall_selinux_state": "permissive", "disable_fapolicyd": True, "kubelet_fail_swap_on": False}
    run_program(changed("kubernetes/variables", variables), tmp_path)
    assert "SELinux: becomes permissive\n  - fapolicyd: is stopped and disabled\n  - swap: stays as it is" in log[0]


def test_the_applied_state_counts_and_not_the_declared_one(tmp_path: Path, log: list[str]) -> None:
    """Another run left a member that the program never declared."""
    config = changed("sites/uvic/nodes/uvic002.hl-lhc.io", NEW)
    run_program(configuration(), tmp_path, known(declared(parse(config, read), COMMIT)))
    assert log == ["Kubespray will run:\n  1. remove-node.yml uvic002.hl-lhc.io: not declared any more"]


def test_a_state_of_an_earlier_program_is_read_and_kept_until_the_deployer_prints_it(
    tmp_path: Path, log: list[str]
) -> None:
    before = known_before(declared(parse(configuration(), read), COMMIT))
    run_program(configuration(), tmp_path, before)
    assert log == []
    outputs = registered_outputs(configuration(), tmp_path, before)
    assert outputs["stretched:index:Cluster cluster"] == before[URN]["outputs"]  # type: ignore[index]


def test_the_stack_state_holds_the_members_once(tmp_path: Path) -> None:
    outputs = registered_outputs(configuration(), tmp_path, known(declared(parse(configuration(), read), COMMIT)))
    assert outputs["stretched:index:Cluster cluster"] == {}


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        ('{"version": "1.35.4"}', "in a form that this version cannot read"),
        ('{"version": ', "in a form that this version cannot read"),
        ("converged", "but not its result"),
    ],
)
def test_an_applied_state_that_cannot_be_read_is_an_error(tmp_path: Path, stdout: str, why: str) -> None:
    with pytest.raises(pulumi.RunError, match=why) as caught:
        run_program(configuration(), tmp_path, {CONVERGED: {"outputs": {"stdout": stdout}}})
    assert "nothing was changed on any host" in str(caught.value)


AS_IT_IS = (
    "\n  - SELinux: stays as it is\n  - fapolicyd: stays as it is\n  - swap: is switched off for good"
    "\n  - another container engine that runs, such as Docker: is removed with all its containers, images and volumes"
)
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n"


def with_secrets(**variables: str) -> dict[str, object]:
    return changed("secretVariables", variables)


def given(**variables: str) -> dict[str, object]:
    """Return the stack's state after a run with these secret variables; the engine decrypts it for the program."""
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
def test_changed_secret_variables_are_announced_by_name_only(
    before: dict[str, str], after: dict[str, str], names: str, tmp_path: Path, log: list[str]
) -> None:
    resources = run_program(with_secrets(**after), tmp_path, given(**before))
    assert log == [f"Kubespray will run:\n  1. cluster.yml: changed secret variables {names}"]
    assert "hunter" not in "".join(log) + "".join(plain_text(resource.inputs) for resource in resources.values())
    outputs = registered_outputs(with_secrets(**after), tmp_path, given(**before))
    assert "hunter" not in "".join(map(plain_text, outputs.values()))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if b"hunter" in path.read_bytes()]


def test_unchanged_secret_variables_announce_nothing_even_with_another_ssh_key(tmp_path: Path, log: list[str]) -> None:
    run_program(with_secrets(password="hunter2"), tmp_path, given(password="hunter2"))
    assert log == []


def test_secret_variables_that_cannot_be_read_are_an_error_that_does_not_show_them(tmp_path: Path) -> None:
    state = known(declared(parse(configuration(), read), COMMIT), stdin=f"{KEY}hunter2\n")
    with pytest.raises(pulumi.RunError, match="in a form that this version cannot read") as caught:
        run_program(configuration(), tmp_path, state)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_only_the_progress_is_shown_while_the_deployer_runs(tmp_path: Path) -> None:
    converged = run_program(configuration(), tmp_path)["command:remote:Command cluster-converged"]
    assert converged.inputs["logging"] == "stderr"


def test_impossible_changes_are_refused_before_any_resource_is_declared(tmp_path: Path) -> None:
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


def test_the_deployer_changes_only_when_another_one_is_declared(tmp_path: Path, log: list[str]) -> None:
    before = replace(declared(parse(configuration(), read), COMMIT), deployer="uchicago003.hl-lhc.io")
    run_program(configuration(), tmp_path, known(before))
    assert log == []
    run_program(changed("kubernetes/deployer", "uchicago002.hl-lhc.io"), tmp_path, known(before))
    assert log == ["uchicago002.hl-lhc.io takes over from uchicago003.hl-lhc.io as deployer"]


def test_a_new_node_that_sorts_first_changes_neither_the_deployer_nor_the_kubeconfig_server(
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


@pytest.mark.parametrize(("address", "server"), [(None, "192.168.0.2"), ("192.0.2.2", "192.0.2.2")])
def test_the_kubeconfig_has_the_declared_port(
    address: str | None, server: str, tmp_path: Path, exported: dict[str, object]
) -> None:
    config = changed("kubernetes/apiAddress", address)
    run_program(changed("kubernetes/variables", {"kube_apiserver_port": 8443}, config), tmp_path, {})
    kubeconfig = exported["kubeconfig"]
    assert isinstance(kubeconfig, pulumi.Output)
    text = asyncio.get_event_loop().run_until_complete(kubeconfig.future())
    assert f"server: https://{server}:8443" in str(text)


def test_the_output_inventory_has_the_order_in_force(tmp_path: Path, exported: dict[str, object]) -> None:
    """So Kubespray run by hand from it has the right first node."""
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
