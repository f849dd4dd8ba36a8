import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab.kubernetes import mirror, programs, proxy_files
from lab.kubernetes.programs import BINARIES, CNI, Programs, Tags
from tools.errors import ToolError

CONSTANTS = """
	// DefaultEtcdVersion indicates the default etcd version that kubeadm uses
	DefaultEtcdVersion = "3.6.6-0"
	CoreDNSImageName = "coredns"
	CoreDNSVersion = "v1.13.1"
	PauseVersion = "3.10.1"
"""
TAGS = Tags(etcd="3.6.6-0", coredns="v1.13.1", pause="3.10.1")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Versions that were built, out of nothing."""
    versions: list[str] = []

    def build(version: str) -> Programs:
        versions.append(version)
        directory = tmp_path / "programs"
        directory.mkdir(exist_ok=True)
        for name in (*BINARIES, *CNI, "etcd", "etcdctl", "coredns", "pause", "podtool", "nft"):
            (directory / name).write_text(f"{name} {version}", encoding="utf-8")
            (directory / name).chmod(0o755)
        return Programs(
            kubernetes=directory,
            etcd=directory,
            cni=directory,
            coredns=directory / "coredns",
            pause=directory / "pause",
            podtool=directory / "podtool",
            tags=TAGS,
        )

    monkeypatch.setattr(programs, "build", build)
    monkeypatch.setattr(proxy_files, "files", lambda: {"/usr/sbin/nft": tmp_path / "programs/nft"})
    return versions


def reference(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        (image,) = json.load(manifest)
        (name,) = image["RepoTags"]
        return str(name)


@pytest.mark.usefixtures("built")
def test_the_mirror_has_what_a_node_needs_under_the_names_that_kubeadm_wants() -> None:
    directory = mirror.ensure("1.35.4")
    files = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    images = {path.stem: reference(path) for path in (directory / "v1.35.4/images").iterdir()}
    assert images == {
        "kube-apiserver": "registry.k8s.io/kube-apiserver:v1.35.4",
        "kube-controller-manager": "registry.k8s.io/kube-controller-manager:v1.35.4",
        "kube-scheduler": "registry.k8s.io/kube-scheduler:v1.35.4",
        "kube-proxy": "registry.k8s.io/kube-proxy:v1.35.4",
        "etcd": "registry.k8s.io/etcd:3.6.6-0",
        "coredns": "registry.k8s.io/coredns/coredns:v1.13.1",
        "pause": "registry.k8s.io/pause:3.10.1",
        "podtool": "registry.lab/podtool:1",
    }
    assert files == {
        "SHA256SUMS",
        *(f"cni/{name}" for name in CNI),
        *(f"v1.35.4/{name}" for name in ("kubeadm", "kubelet", "kubectl")),
        *(f"v1.35.4/images/{name}.tar" for name in images),
    }


@pytest.mark.usefixtures("built")
def test_the_checksums_cover_every_file() -> None:
    directory = mirror.ensure()
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=directory, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == sum(path.is_file() for path in directory.rglob("*")) - 1
    (directory / "cni/bridge").unlink()
    (directory / "cni/bridge").write_text("other", encoding="utf-8")
    assert subprocess.run(check, cwd=directory, capture_output=True, check=False).returncode == 1


def test_each_version_has_its_own_mirror_and_is_built_once(built: list[str]) -> None:
    first, other = mirror.ensure("1.35.4"), mirror.ensure("1.35.3")
    assert mirror.ensure("1.35.4") == first != other
    assert built == ["1.35.4", "1.35.3"]
    assert (other / "v1.35.3/kubeadm").read_text(encoding="utf-8") == "kubeadm 1.35.3"


def test_image_tags_are_read_from_kubeadm_s_source() -> None:
    assert programs.read_tags(CONSTANTS) == TAGS


def test_a_kubeadm_that_says_no_tag_is_an_error_that_names_the_constant() -> None:
    with pytest.raises(ToolError, match="no constant PauseVersion"):
        programs.read_tags(CONSTANTS.replace("PauseVersion", "Other"))


def test_staging_modules_are_replaced_by_the_published_ones_of_the_same_release() -> None:
    go_mod = {
        "Require": [
            {"Path": "k8s.io/api", "Version": "v0.0.0"},
            {"Path": "k8s.io/klog/v2", "Version": "v2.130.1"},
            {"Path": "example.test/other", "Version": "v0.0.0"},
        ]
    }
    assert programs.staging(go_mod, "1.35.4") == {"k8s.io/api": "k8s.io/api v0.35.4"}
