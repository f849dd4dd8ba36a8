"""Kubespray's variables that follow from the served files: versions, places, checksums (`sha256:HEX`).

`@FILES@` stands for the base URL of the files, `@REGISTRY@` for the registry's name. What differs between Kubernetes
versions is an expression over `kube_version`, so that one set of variables serves an upgrade too.
Names as in roles/kubespray_defaults/defaults/main/download.yml of Kubespray v2.31.0.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = "@FILES@"
REGISTRY = "@REGISTRY@"
ON_HOSTS = ("kubeadm", "kubelet", "kubectl")
# All of Kubespray's registries are this one: an image keeps its path behind the registry's name.
_REPOSITORIES = ("kube", "gcr", "github", "docker", "quay")
# Where the name of the checksum's variable is not that of a binary.
_ARCHIVES = ("containerd", "nerdctl")


@dataclass(frozen=True)
class Download:
    """One file for every Kubernetes version: its path below the files, and its version without leading v."""

    path: str
    version: str


@dataclass(frozen=True)
class Tags:
    """Image tags that go with one Kubernetes version, as written in image names."""

    coredns: str
    pause: str


def of(files: Path, downloads: Mapping[str, Download], tags: Mapping[str, Tags]) -> dict[str, str]:
    """Return the variables. `files` is the directory that is served, `tags` has all Kubernetes versions in it."""
    found = {f"{name}_image_repo": REGISTRY for name in _REPOSITORIES}
    for name, download in downloads.items():
        kind = "archive" if name in _ARCHIVES else "binary"
        found[f"{name}_version"] = download.version
        found[f"{name}_download_url"] = f"{FILES}/{download.path}"
        found[f"{name}_{kind}_checksum"] = _checksum(files / download.path)
    for name in ON_HOSTS:
        found[f"{name}_download_url"] = f"{FILES}/v{{{{ kube_version }}}}/{name}"
        found[f"{name}_binary_checksum"] = by_version(
            {version: _checksum(files / f"v{version}" / name) for version in tags}
        )
    found["coredns_version"] = by_version({version: known.coredns.removeprefix("v") for version, known in tags.items()})
    found["pod_infra_version"] = by_version({version: known.pause for version, known in tags.items()})
    return found


def by_version(values: Mapping[str, str]) -> str:
    """Return an expression that has no value for a version which is not served, so that Ansible names that version."""
    literal = json.dumps(dict(sorted(values.items())))
    return f"{{{{ {literal}[kube_version] }}}}"


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
