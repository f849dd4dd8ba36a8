"""Files and images that Kubespray downloads, made from package registries and from files that the user provides.

`files/` is for an HTTP server (`vVERSION/{kubeadm,kubelet,kubectl}`, and tarballs with the names and layout of the
releases), `images/*.tar` are docker archives with the image paths that Kubespray expects, and `variables.json` has the
variables that point Kubespray to the mirror (see `lab.kubespray.variables`).
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import lab.kubernetes
from lab.kubernetes import images
from lab.kubernetes.images import Image
from lab.kubespray import archives, balancer, extra, programs, variables
from lab.kubespray.extra import Extra
from lab.kubespray.programs import Programs
from lab.kubespray.variables import Download, Tags
from tools import cache
from tools.errors import ToolError
from tools.pins import PINS_FILE
from tools.progress import step

_RECIPE = tuple(Path(module.__file__ or "") for module in (archives, balancer, extra, programs, variables))
# In the lab, Kubespray runs etcd as a service of the host, from files.
_LEFT_OUT = ("etcd",)


def ensure(versions: Sequence[str], brought: Path) -> Path:
    """Return the directory for these Kubernetes versions (without a leading v), made if the cache does not have it.

    `brought`, the directory of the user's files, is checked each time. A first run takes about five minutes, and ten
    for each Kubernetes version. Raises ToolError when one of these files is missing or changed, or a build fails.
    """
    if not versions:
        message = "name at least one Kubernetes version"
        raise ToolError(message)
    architecture = images.architecture()
    own = extra.check(brought, architecture)
    mirrors = {version: lab.kubernetes.ensure(version) for version in sorted(set(versions))}
    built = programs.build()
    nginx = balancer.image(architecture)
    names = [mirror.name for mirror in mirrors.values()]
    recipe = [path.read_bytes() for path in (Path(__file__), *_RECIPE, PINS_FILE)]
    key = cache.digest(*names, nginx.reference, own.sums, *recipe)

    def fill(target: Path) -> None:
        with step(f"files and images for Kubespray, Kubernetes {', '.join(mirrors)}", expect="half a minute"):
            downloads = _files(target / "files", mirrors, built, own, architecture)
            tags = _images(target / "images", mirrors, nginx, own)
            values = variables.of(target / "files", downloads, tags)
            values |= _tags(nginx, own)
            text = json.dumps(values, indent=2, sort_keys=True)
            (target / "variables.json").write_text(f"{text}\n", encoding="utf-8")

    return cache.entry(f"kubespray/artifacts-{key}", fill)


def _files(
    target: Path, mirrors: Mapping[str, Path], built: Programs, own: Extra, architecture: str
) -> dict[str, Download]:
    """Fill the directory of files; return the downloads that are the same for all Kubernetes versions."""
    for version, mirror in mirrors.items():
        (target / f"v{version}").mkdir(parents=True)
        for name in variables.ON_HOSTS:
            os.link(mirror / f"v{version}" / name, target / f"v{version}" / name)
    etcd, containerd, runc, cni = built.etcd, built.containerd, built.runc, built.cni
    release = f"etcd-v{etcd.version}-linux-{architecture}"
    downloads = {
        "etcd": Download(f"{release}.tar.gz", etcd.version),
        "containerd": Download(f"containerd-{containerd.version}-linux-{architecture}.tar.gz", containerd.version),
        "runc": Download(f"runc-{runc.version}", runc.version),
        "cni": Download(f"cni-plugins-linux-{architecture}-v{cni.version}.tgz", cni.version),
        "crictl": Download(own.crictl.file.name, own.crictl.version),
        "nerdctl": Download(own.nerdctl.file.name, own.nerdctl.version),
    }
    archives.write(target / downloads["etcd"].path, {f"{release}/{name}": file for name, file in etcd.files.items()})
    archives.write(
        target / downloads["containerd"].path, {f"bin/{name}": file for name, file in containerd.files.items()}
    )
    os.link(runc.files["runc"], target / downloads["runc"].path)
    archives.write(target / downloads["cni"].path, cni.files)
    for tool in (own.crictl, own.nerdctl):
        shutil.copyfile(tool.file, target / tool.file.name)
    return downloads


def _images(target: Path, mirrors: Mapping[str, Path], nginx: Image, own: Extra) -> dict[str, Tags]:
    """Fill the directory of images; return the tags for each Kubernetes version."""
    target.mkdir()
    tags = {}
    for version, mirror in mirrors.items():
        known = {}
        for archive in sorted((mirror / f"v{version}/images").glob("*.tar")):
            known[archive.stem] = images.reference(archive).rpartition(":")[2]
            final = target / f"{archive.stem}-{known[archive.stem]}.tar"
            if archive.stem not in _LEFT_OUT and not final.exists():
                os.link(archive, final)
        tags[version] = Tags(coredns=known["coredns"], pause=known["pause"])
    images.write(nginx, target / f"nginx-{_tag(nginx.reference)}.tar")
    for archive in own.images:
        shutil.copyfile(archive, target / f"extra-{archive.name}")
    return tags


def _tags(nginx: Image, own: Extra) -> dict[str, str]:
    """Return the variables of images that are the same for all Kubernetes versions."""
    return {
        "nginx_image_tag": _tag(nginx.reference),
        "flannel_image_tag": own.tags["flannel/flannel"],
        "flannel_init_image_tag": own.tags["flannel/flannel-cni-plugin"],
    }


def _tag(reference: str) -> str:
    return reference.rpartition(":")[2]


def main() -> int:
    """Print each file with its size in MiB; return 1 after an error message."""
    parser = argparse.ArgumentParser(prog="python -m lab.kubespray.artifacts", description=__doc__)
    parser.add_argument("extra", type=Path, help="the directory with the files that no registry has")
    parser.add_argument("versions", nargs="+", help="versions of Kubernetes, without a leading v")
    options = parser.parse_args()
    try:
        directory = ensure(options.versions, options.extra)
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size / 2**20:8.1f} MiB  {path.relative_to(directory)}")
    print(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
