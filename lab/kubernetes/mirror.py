"""The mirror directory: all files that a host of the lab needs to become a Kubernetes node without the internet.

Layout, as hosts see it at /opt/mirror (read-only): `vVERSION/{kubeadm,kubelet,kubectl}`, `vVERSION/images/NAME.tar`,
`cni/NAME`, `SHA256SUMS`.
"""

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

from lab.kubernetes import images, programs, proxy_files
from lab.kubernetes.images import Image
from tools import cache
from tools.errors import ToolError
from tools.pins import pins
from tools.progress import step

_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_ON_HOSTS = ("kubeadm", "kubelet", "kubectl")
_REGISTRY = "registry.k8s.io"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def ensure(version: str = pins().kubernetes) -> Path:
    """Return the mirror directory of a Kubernetes version (without a leading v), built if the cache does not have it.

    A first build takes about six minutes on two cores. Raises ToolError when a build fails.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        message = f"{version!r} is not a version of Kubernetes: write it like {pins().kubernetes}, without a leading v"
        raise ToolError(message)
    pinned = (pins().kubernetes_sums.get(version), pins().etcd_sums, pins().go["cni-plugins"])
    key = cache.digest(version, repr(pinned), cache.digest_tree(Path(__file__).parent))

    def fill(target: Path) -> None:
        built = programs.build(version)
        proxy = proxy_files.files()
        with step(f"mirror of Kubernetes v{version}: images and checksums", expect="half a minute"):
            _fill(target, version, _images(version, built, proxy), built)

    return cache.entry(f"mirror/v{version}-{key}", fill)


def _fill(target: Path, version: str, wanted: Mapping[str, Image], built: programs.Programs) -> None:
    own = target / f"v{version}"
    (own / "images").mkdir(parents=True)
    for name in _ON_HOSTS:
        os.link(built.kubernetes / name, own / name)
    for name, image in wanted.items():
        images.write(image, own / "images" / f"{name}.tar")
    (target / "cni").mkdir()
    for name in programs.CNI:
        os.link(built.cni / name, target / "cni" / name)
    _write_sums(target)


def _images(version: str, built: programs.Programs, for_proxy: Mapping[str, Path]) -> dict[str, Image]:
    """Return the images by file name, under the names that kubeadm expects. Its manifests name the programs."""
    tags, kubernetes = built.tags, f"v{version}"
    made = [
        _image(f"{_REGISTRY}/{name}:{kubernetes}", {f"/usr/local/bin/{name}": built.kubernetes / name})
        for name in _CONTROL_PLANE
    ]
    proxy = {"/usr/local/bin/kube-proxy": built.kubernetes / "kube-proxy", **for_proxy}
    made.append(_image(f"{_REGISTRY}/kube-proxy:{kubernetes}", proxy, links=proxy_files.LINKS))
    etcd = {f"/usr/local/bin/{name}": built.etcd / name for name in ("etcd", "etcdctl")}
    made.append(_image(f"{_REGISTRY}/etcd:{tags.etcd}", etcd))
    made.append(_image(f"{_REGISTRY}/coredns/coredns:{tags.coredns}", {"/coredns": built.coredns}, start="/coredns"))
    made.append(_image(f"{_REGISTRY}/pause:{tags.pause}", {"/pause": built.pause}, start="/pause"))
    made.append(_image("registry.lab/podtool:1", {"/podtool": built.podtool}, start="/podtool"))
    return {image.reference.rpartition("/")[2].partition(":")[0]: image for image in made}


def _image(
    reference: str, files: Mapping[str, Path], *, links: Mapping[str, str] | None = None, start: str = ""
) -> Image:
    return Image(
        reference=reference,
        entrypoint=(start,) if start else (),
        files=files,
        links=links or {},
        architecture=_ARCHITECTURES.get(platform.machine(), platform.machine()),
    )


def _write_sums(target: Path) -> None:
    """Write SHA256SUMS over all files, in the form of `sha256sum --check`."""
    lines = []
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        with path.open("rb") as content:
            lines.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {path.relative_to(target)}")
    (target / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")
