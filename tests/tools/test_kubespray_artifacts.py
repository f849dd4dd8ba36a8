import hashlib
import json
import re
import subprocess
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import lab.kubernetes
from lab.kubernetes import images
from lab.kubernetes.images import Image
from lab.kubespray import archives, artifacts, balancer, extra, packages, programs, variables
from lab.kubespray.programs import Program, Programs
from tools import debian, gobuild
from tools.errors import ToolError
from tools.pins import GoPin, pins

VERSIONS = ("1.35.3", "1.35.4")
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")


def program(directory: Path, name: str, content: str = "") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / name
    file.write_text(content or name, encoding="utf-8")
    file.chmod(0o755)
    return file


def image(reference: str, file: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    images.write(Image(reference, (), {"/program": file}), archive)


def write_sums(directory: Path) -> None:
    files = [path.relative_to(directory) for path in sorted(directory.rglob("*.*")) if path.is_file()]
    done = subprocess.run(["sha256sum", *files], cwd=directory, capture_output=True, text=True, check=True)
    (directory / "SHA256SUMS").write_text(done.stdout, encoding="utf-8")


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    directory = tmp_path / "extra"
    file = program(tmp_path / "brought", "any")
    directory.mkdir()
    archives.write(directory / "crictl-v1.35.0-linux-amd64.tar.gz", {"crictl": file})
    archives.write(directory / "nerdctl-2.2.2-linux-amd64.tar.gz", {"nerdctl": file, "extras/rootless.sh": file})
    image("docker.io/flannel/flannel:v0.28.4", file, directory / "images/a.tar")
    image("docker.io/flannel/flannel-cni-plugin:v1.7.1-flannel1", file, directory / "images/b.tar")
    write_sums(directory)
    return directory


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kubernetes versions whose mirror was asked for; all programs are made of nothing."""
    asked: list[str] = []
    work = tmp_path / "work"

    def mirror(version: str) -> Path:
        asked.append(version)
        directory = work / f"v{version}-of-the-cache"
        own = directory / f"v{version}"
        for name in ("kubeadm", "kubelet", "kubectl"):
            program(own, name, f"{name} {version}")
        for name in CONTROL_PLANE:
            file = program(work, name, f"{name} {version}")
            image(f"registry.k8s.io/{name}:v{version}", file, own / f"images/{name}.tar")
        # The older version goes with another CoreDNS.
        coredns = "v1.13.1" if version == VERSIONS[1] else "v1.13.0"
        image(f"registry.k8s.io/coredns/coredns:{coredns}", program(work, "coredns"), own / "images/coredns.tar")
        image("registry.k8s.io/pause:3.10.1", program(work, "pause"), own / "images/pause.tar")
        image("registry.k8s.io/etcd:3.6.6-0", program(work, "etcd"), own / "images/etcd.tar")
        image("registry.lab/podtool:1", program(work, "podtool"), own / "images/podtool.tar")
        return directory

    def made(version: str, *names: str) -> Program:
        return Program(version, {name: program(work / "programs", name) for name in names})

    def build() -> Programs:
        return Programs(
            etcd=made("3.6.10", "etcd", "etcdctl", "etcdutl"),
            containerd=made("2.2.3", "containerd", "containerd-shim-runc-v2", "ctr"),
            runc=made("1.4.2", "runc"),
            cni=made("1.9.1", "bridge", "portmap"),
        )

    monkeypatch.setattr(lab.kubernetes, "ensure", mirror)
    monkeypatch.setattr(programs, "build", build)
    monkeypatch.setattr(images, "architecture", lambda: "amd64")
    nginx = program(work, "nginx")
    monkeypatch.setattr(
        balancer, "image", lambda _: Image("docker.io/library/nginx:1.22.1", (), {"/usr/sbin/nginx": nginx})
    )
    return asked


@pytest.fixture
def made(built: list[str], brought: Path) -> Path:
    assert built == []
    return artifacts.ensure(VERSIONS, brought)


def members(archive: Path) -> dict[str, int]:
    with tarfile.open(archive, "r:gz") as tar:
        return {entry.name: entry.mode for entry in tar if entry.isfile()}


def rendered(directory: Path, version: str) -> dict[str, str]:
    """The variables as Ansible would give them for one version, as far as their expressions go."""
    found: dict[str, str] = json.loads((directory / "variables.json").read_text(encoding="utf-8"))
    for name, value in found.items():
        if match := re.fullmatch(r"\{\{ (\{.*\})\[kube_version\] \}\}", value):
            found[name] = json.loads(match[1])[version]
        found[name] = found[name].replace("{{ kube_version }}", version)
        assert "{{" not in found[name], name
    return found


def test_files_are_named_and_laid_out_as_released(made: Path) -> None:
    files = made / "files"
    assert {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()} == {
        *(f"v{version}/{name}" for version in VERSIONS for name in ("kubeadm", "kubelet", "kubectl")),
        "etcd-v3.6.10-linux-amd64.tar.gz",
        "containerd-2.2.3-linux-amd64.tar.gz",
        "runc-1.4.2",
        "cni-plugins-linux-amd64-v1.9.1.tgz",
        "crictl-v1.35.0-linux-amd64.tar.gz",
        "nerdctl-2.2.2-linux-amd64.tar.gz",
    }
    names = ("etcd", "etcdctl", "etcdutl")
    assert members(files / "etcd-v3.6.10-linux-amd64.tar.gz") == {f"etcd-v3.6.10-linux-amd64/{n}": 0o755 for n in names}
    names = ("containerd", "containerd-shim-runc-v2", "ctr")
    assert members(files / "containerd-2.2.3-linux-amd64.tar.gz") == {f"bin/{name}": 0o755 for name in names}
    assert members(files / "cni-plugins-linux-amd64-v1.9.1.tgz") == {"bridge": 0o755, "portmap": 0o755}
    assert (files / "v1.35.3/kubelet").read_text(encoding="utf-8") == "kubelet 1.35.3"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_url_leads_to_a_file_with_the_checksum_that_is_said(made: Path, version: str) -> None:
    found = rendered(made, version)
    served = set()
    for name, url in found.items():
        if name.endswith("_download_url"):
            program_name = name.removesuffix("_download_url")
            kind = "archive" if program_name in ("containerd", "nerdctl") else "binary"
            file = made / "files" / url.removeprefix("@FILES@/")
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            assert found[f"{program_name}_{kind}_checksum"] == f"sha256:{digest}", name
            served.add(program_name)
    hosts = {"kubeadm", "kubelet", "kubectl"}
    assert served == {"etcd", "containerd", "runc", "cni", "crictl", "nerdctl", *hosts}
    assert len([name for name in found if name.endswith("_checksum")]) == len(served)
    for name in served - hosts:
        assert found[f"{name}_version"] in found[f"{name}_download_url"]
    assert f"/v{version}/" in found["kubelet_download_url"]


def test_a_version_that_is_not_served_has_no_checksum(made: Path) -> None:
    with pytest.raises(KeyError, match=r"1\.35\.5"):
        rendered(made, "1.35.5")


@pytest.mark.parametrize(("version", "coredns"), [("1.35.3", "1.13.0"), ("1.35.4", "1.13.1")])
def test_the_tags_are_those_of_the_images_that_are_there(made: Path, version: str, coredns: str) -> None:
    found = rendered(made, version)
    paths = {images.reference(archive).partition("/")[2] for archive in (made / "images").iterdir()}
    assert paths >= {
        f"coredns/coredns:v{found['coredns_version']}",
        f"pause:{found['pod_infra_version']}",
        f"library/nginx:{found['nginx_image_tag']}",
        f"flannel/flannel:{found['flannel_image_tag']}",
        f"flannel/flannel-cni-plugin:{found['flannel_init_image_tag']}",
        "podtool:1",
        *(f"{name}:v{version}" for name in CONTROL_PLANE),
    }
    assert found["coredns_version"] == coredns
    assert {value for name, value in found.items() if name.endswith("_image_repo")} == {"@REGISTRY@"}
    assert not any(path.startswith("etcd") for path in paths)


def test_images_of_two_versions_lie_side_by_side(made: Path) -> None:
    assert {path.name for path in (made / "images").iterdir()} == {
        *(f"{name}-v{version}.tar" for name in CONTROL_PLANE for version in VERSIONS),
        *("coredns-v1.13.0.tar", "coredns-v1.13.1.tar", "pause-3.10.1.tar", "podtool-1.tar", "nginx-1.22.1.tar"),
        *("extra-a.tar", "extra-b.tar"),
    }
    assert images.reference(made / "images/kube-proxy-v1.35.3.tar") == "registry.k8s.io/kube-proxy:v1.35.3"


def test_the_directory_is_made_once_for_the_same_and_anew_for_other_contents(made: Path, brought: Path) -> None:
    before = (made / "variables.json").stat().st_ino
    assert artifacts.ensure(tuple(reversed(VERSIONS)), brought) == made
    assert (made / "variables.json").stat().st_ino == before
    assert artifacts.ensure(VERSIONS[:1], brought) != made
    archives.write(brought / "crictl-v1.35.0-linux-amd64.tar.gz", {"crictl": program(brought.parent, "crictl")})
    write_sums(brought)
    assert artifacts.ensure(VERSIONS, brought) != made


@pytest.mark.usefixtures("built")
def test_no_version_at_all_is_an_error(brought: Path) -> None:
    with pytest.raises(ToolError, match="name at least one"):
        artifacts.ensure((), brought)


def test_what_is_brought_is_checked_before_anything_is_built(
    built: list[str], brought: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (brought / "images/a.tar").write_bytes(b"changed")
    monkeypatch.setattr("sys.argv", ["artifacts", str(brought), *VERSIONS])
    assert artifacts.main() == 1
    assert "images/a.tar does not match SHA256SUMS" in capsys.readouterr().err
    assert built == []


def test_all_mistakes_are_told_at_once_with_what_the_files_are_for(brought: Path) -> None:
    (brought / "crictl-v1.35.0-linux-amd64.tar.gz").unlink()
    (brought / "images/b.tar").write_bytes(b"no image")
    (brought / "notes.txt").write_text("mine", encoding="utf-8")
    with (brought / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write("what is this\n")
    with pytest.raises(ToolError) as caught:
        extra.check(brought, "amd64")
    told = str(caught.value)
    for part in (
        "crictl-v1.35.0-linux-amd64.tar.gz is listed in SHA256SUMS but is missing",
        "one crictl-vVERSION-linux-amd64.tar.gz is needed for talking to the container runtime, but none is there",
        "images/b.tar does not match SHA256SUMS",
        "images/b.tar is not a docker archive",
        "an image docker.io/flannel/flannel-cni-plugin:TAG is needed for flannel's CNI plug-in",
        "notes.txt is not listed in SHA256SUMS",
        "SHA256SUMS, line 5: not a checksum",
    ):
        assert part in told
    assert "docker.io/flannel/flannel:TAG is needed" not in told
    assert "one nerdctl" not in told


def remove_sums(directory: Path) -> None:
    (directory / "SHA256SUMS").unlink()


def second_nerdctl(directory: Path) -> None:
    content = (directory / "nerdctl-2.2.2-linux-amd64.tar.gz").read_bytes()
    (directory / "nerdctl-2.2.3-linux-amd64.tar.gz").write_bytes(content)
    write_sums(directory)


def nerdctl_in_a_directory(directory: Path) -> None:
    archives.write(directory / "nerdctl-2.2.2-linux-amd64.tar.gz", {"bin/nerdctl": directory / "images/a.tar"})
    write_sums(directory)


def second_flannel(directory: Path) -> None:
    image("docker.io/flannel/flannel:v0.28.5", directory / "SHA256SUMS", directory / "images/c.tar")
    write_sums(directory)


def remove_all(directory: Path) -> None:
    directory.rename(directory.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (remove_sums, "SHA256SUMS is missing"),
        (second_nerdctl, "one nerdctl-VERSION-linux-amd64.tar.gz is needed for .*, but several are there"),
        (nerdctl_in_a_directory, "nerdctl-2.2.2-linux-amd64.tar.gz is not a tar.gz with nerdctl at its top"),
        (second_flannel, "images/c.tar is a second docker.io/flannel/flannel"),
        (remove_all, "is not a directory: it must hold the files that no registry has"),
    ],
)
def test_a_directory_that_is_not_as_it_must_be_is_refused(
    brought: Path, damage: Callable[[Path], None], told: str
) -> None:
    extra.check(brought, "amd64")
    damage(brought)
    with pytest.raises(ToolError, match=f"(?s){told}.*crictl-vVERSION-linux-amd64.tar.gz: "):
        extra.check(brought, "amd64")


def test_a_tarball_of_another_processor_is_not_taken(brought: Path) -> None:
    with pytest.raises(ToolError, match=r"one crictl-vVERSION-linux-arm64\.tar\.gz is needed"):
        extra.check(brought, "arm64")


def test_tarballs_of_the_same_files_are_the_same_and_unpack_as_kubespray_unpacks_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, now in (("one", 1e9), ("other", 1.1e9)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        archives.write(tmp_path / f"{name}.tar.gz", {"bin/tool": program(tmp_path / name, "tool")})
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "other.tar.gz").read_bytes()
    done = subprocess.run(
        ["tar", "-xzf", "one.tar.gz", "--strip-components=1"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert (tmp_path / "tool").stat().st_mode & 0o777 == 0o755


def test_an_expression_has_a_value_for_each_version() -> None:
    assert variables.by_version({"1.35.4": "b", "1.35.3": "a"}) == '{{ {"1.35.3": "a", "1.35.4": "b"}[kube_version] }}'


def test_programs_are_built_as_pinned_and_say_their_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: dict[str, tuple[str, Sequence[str]]] = {}

    def build(pin: GoPin, *, ldflags: Sequence[str] = (), cgo_tags: Sequence[str] = (), expect: str = "") -> Path:
        assert expect
        builds[pin.name] = (pin.version, [*ldflags, *cgo_tags])
        return tmp_path / pin.name

    monkeypatch.setattr(gobuild, "build", build)
    needed: list[str] = []
    monkeypatch.setattr(debian, "ensure", needed.extend)
    done = programs.build()
    assert {name: version for name, (version, _) in builds.items()} == {
        name: pins().go[name].version for name in ("etcd", "containerd", "runc", "cni-plugins")
    }
    assert done.etcd.files.keys() == {"etcd", "etcdctl", "etcdutl"}
    assert done.containerd.files["ctr"] == tmp_path / "containerd/ctr"
    assert builds["containerd"][1] == [
        f"-X github.com/containerd/containerd/v2/version.Version=v{done.containerd.version}"
    ]
    assert "seccomp" in builds["runc"][1]
    assert "libseccomp-dev" in needed
    # What Kubespray's set-up of flannel has on hosts: the plug-in delegates to bridge, and portmap follows it.
    assert done.cni.files.keys() >= {"bridge", "host-local", "loopback", "portmap", "bandwidth", "tuning", "firewall"}


def test_modules_that_are_released_together_are_pinned_together() -> None:
    etcd = pins().go["etcd"]
    assert set(etcd.requires.values()) == {etcd.version}


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """nginx's packages, with a program of this machine for the module."""
    root = tmp_path / "root"
    program(root / "usr/sbin", "nginx", "#!/bin/sh\necho nginx version: nginx/1.22.1 >&2\n")
    module = program(root / "usr/lib/nginx/modules", "ngx_stream_module.so")
    module.write_bytes(Path("/bin/ls").read_bytes())
    monkeypatch.setattr(packages, "unpacked", lambda _: root)
    monkeypatch.setattr(debian, "ensure", lambda _: None)
    return root


@pytest.mark.usefixtures("unpacked")
def test_the_balancer_brings_its_module_its_libraries_and_the_words_to_start_it() -> None:
    found = balancer.image("amd64")
    assert found.reference == "docker.io/library/nginx:1.22.1"
    program_path, option, words = found.entrypoint
    assert program_path in found.files
    assert option == "-g"
    loaded = re.search(r"load_module (\S+);", words)
    assert loaded is not None
    assert loaded[1] in found.files
    assert "daemon off;" in words
    names = {Path(path).name for path in found.files}
    assert {"libc.so.6", "libgcc_s.so.1"} <= names
    assert any(name.startswith("ld-linux") for name in names)


def test_an_nginx_that_does_not_run_here_is_an_error(unpacked: Path) -> None:
    program(unpacked / "usr/sbin", "nginx", "#!/bin/sh\necho broken >&2\n")
    with pytest.raises(ToolError, match="does not print its version: broken"):
        balancer.image("amd64")
