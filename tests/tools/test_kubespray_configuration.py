import json
import stat
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml

from components.model.cluster.kubespray_variables import OWN_VARIABLES
from components.model.configuration import parse
from components.model.spec import Spec
from lab.kubespray import configuration, registry, services
from lab.kubespray.service import Mirror
from lab.layout import Layout
from tests.support.examples import TREE, host_key

DOWNLOADS = {
    "kubelet_download_url": "@FILES@/v{{ kube_version }}/kubelet",
    "kubelet_binary_checksum": "sha256:" + 64 * "0",
    "kube_image_repo": "@REGISTRY@",
    "coredns_image_repo": "@REGISTRY@/coredns/coredns",
}


def read(name: str) -> str:
    """The files of a lab, which is not there in this test."""
    if name.endswith("known_hosts"):
        names = ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "198.51.100.6", "198.51.100.7", "203.0.113.8"]
        return "".join(f"{name} {host_key(name)}\n" for name in names)
    return "PRIVATE KEY"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    artifacts, checkout, wheels = (tmp_path / name for name in ("artifacts", "checkout", "wheels"))
    for directory in (artifacts, checkout, wheels):
        directory.mkdir()
    (artifacts / "variables.json").write_text(json.dumps(DOWNLOADS), encoding="utf-8")
    mirror = Mirror(IPv4Address("203.0.113.200"), tmp_path, tmp_path, tmp_path)
    return configuration.write(Layout("other"), checkout, wheels, mirror, artifacts)


@pytest.fixture
def spec(written: Path) -> Spec:
    config = yaml.safe_load(written.read_text(encoding="utf-8"))["config"]
    return parse({name.removeprefix("stretched:"): value for name, value in config.items()}, read)


def test_the_program_accepts_it(spec: Spec, tmp_path: Path) -> None:
    assert spec.kubernetes.network_plugin == "flannel"
    assert spec.kubernetes.kubespray.directory == tmp_path / "checkout"
    assert spec.kubernetes.kubespray.wheelhouse == tmp_path / "wheels"


def test_what_the_program_sets_itself_is_not_in_it(spec: Spec) -> None:
    assert not set(spec.kubernetes.variables) & set(OWN_VARIABLES)


def test_downloads_come_from_the_operators_address(spec: Spec) -> None:
    variables = spec.kubernetes.variables
    assert variables["files_repo"] == "http://203.0.113.200:8000"
    assert variables["kubelet_download_url"] == "http://203.0.113.200:8000/v{{ kube_version }}/kubelet"
    assert variables["coredns_image_repo"] == "203.0.113.200:5000/coredns/coredns"
    assert variables["upstream_dns_servers"] == ["203.0.113.200"]
    plain = variables["containerd_registries_mirrors"]
    assert isinstance(plain, list)
    assert ("203.0.113.200:5000", "http://203.0.113.200:5000") in [
        (entry["prefix"], entry["mirrors"][0]["host"]) for entry in plain
    ]
    assert "/opt/mirror" not in repr(spec)


def test_what_the_hosts_of_the_lab_want_is_kept(spec: Spec) -> None:
    stand_in = yaml.safe_load((TREE / "Pulumi.dev.yaml").read_text())["config"]["stretched:kubernetes"]["variables"]
    kept = {
        name: value for name, value in stand_in.items() if name.startswith(("kubelet_", "kubeadm_", "kube_proxy_c"))
    }
    assert len(kept) == 6
    assert kept.items() <= spec.kubernetes.variables.items()
    assert spec.kubernetes.variables["kube_proxy_mode"] == "iptables"


def test_the_rest_of_the_stack_is_that_of_the_stand_in(written: Path) -> None:
    made = yaml.safe_load(written.read_text(encoding="utf-8"))
    base = yaml.safe_load((TREE / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    assert made["encryptionsalt"] == base["encryptionsalt"]
    for name in ("mesh", "ssh", "sites"):
        assert made["config"][f"stretched:{name}"] == base["config"][f"stretched:{name}"]
    # The first control-plane node is the first one that is declared.
    assert list(made["config"]["stretched:sites"]) == list(base["config"]["stretched:sites"])


def test_it_is_its_owners_alone(written: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("registry.k8s.io/kube-proxy:v1.35.4", "kube-proxy:v1.35.4"),
        ("registry.k8s.io/coredns/coredns:v1.12.4", "coredns/coredns:v1.12.4"),
        ("docker.io/library/nginx:1.28", "library/nginx:1.28"),
        ("docker.io/nginx:1.28", "library/nginx:1.28"),
        ("docker.io/flannel/flannel:v1", "flannel/flannel:v1"),
        ("flannel/flannel:v1", "flannel/flannel:v1"),
        ("nginx:1.28", "library/nginx:1.28"),
        ("localhost/tool:1", "tool:1"),
        ("127.0.0.1:5000/tool:1", "tool:1"),
    ],
)
def test_an_image_keeps_its_path_but_not_its_registry(reference: str, path: str) -> None:
    assert registry.path_of(reference) == path


def found(layout: Layout, checkout: Path, brought: Path, *versions: str) -> str:
    return "\n".join(services.mistakes(layout, checkout, brought, versions or (configuration.version(),)))


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Layout("other")


def test_all_mistakes_are_told_at_once(tmp_path: Path, layout: Layout) -> None:
    told = found(layout, tmp_path / "nothing", tmp_path / "nowhere", "1.34.4")
    assert f"{tmp_path}/nothing is not a directory: give a checkout of Kubespray v2.31.0" in told
    assert f"{tmp_path}/nowhere is not a directory" in told
    assert "--versions" in told


def test_a_checkout_is_looked_at(tmp_path: Path, layout: Layout) -> None:
    assert "not a checkout of Kubespray" in found(layout, tmp_path, tmp_path)
    (tmp_path / "galaxy.yml").write_text("version: 2.30.0\n", encoding="utf-8")
    assert "is Kubespray 2.30.0" in found(layout, tmp_path, tmp_path)
    (tmp_path / "galaxy.yml").write_text("version: 2.31.0\n", encoding="utf-8")
    assert "lacks playbooks/boilerplate.yml" in found(layout, tmp_path, tmp_path)


@pytest.mark.parametrize(("resources", "refused"), [([{"urn": "urn:pulumi:dev::stretched"}], True), ([], False)])
def test_the_stand_ins_cluster_is_not_taken_over(
    layout: Layout, tmp_path: Path, resources: list[object], *, refused: bool
) -> None:
    state = layout.access / "pulumi/.pulumi/stacks/stretched/other.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}), encoding="utf-8")
    assert ("make down" in found(layout, tmp_path, tmp_path)) == refused
    # One that real Kubespray made is gone on with.
    configuration.path(layout).parent.mkdir()
    configuration.path(layout).touch()
    assert "make down" not in found(layout, tmp_path, tmp_path)
