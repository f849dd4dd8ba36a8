"""Kubespray variables for the served files: versions, URLs, checksums (`sha256:HEX`).

`@FILES@` stands for the base URL of the files, `@REGISTRY@` for the name of the registry. Values that depend on the
Kubernetes version are expressions over `kube_version`, so that one set of variables also serves upgrades.
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
# The mirror replaces all of Kubespray's registries; images keep their paths.
_REPOSITORIES = ("kube", "gcr", "github", "docker", "quay")
# Downloads whose checksum variable is named after an archive, not a binary.
_ARCHIVES = ("containerd", "nerdctl")


@dataclass(frozen=True)
class Download:
    """A file for all Kubernetes versions: its path below the files, and its version without a leading v."""

    path: str
    version: str


@dataclass(frozen=True)
class Tags:
    """Image tags for one Kubernetes version, as written in image names."""

    coredns: str
    pause: str


def of(files: Path, downloads: Mapping[str, Download], tags: Mapping[str, Tags]) -> dict[str, str]:
    """Return the variables. `files` is the served directory, `tags` are by Kubernetes version."""
    values = {f"{name}_image_repo": REGISTRY for name in _REPOSITORIES}
    for name, download in downloads.items():
        kind = "archive" if name in _ARCHIVES else "binary"
        values[f"{name}_version"] = download.version
        values[f"{name}_download_url"] = f"{FILES}/{download.path}"
        values[f"{name}_{kind}_checksum"] = _checksum(files / download.path)
    for name in ON_HOSTS:
        values[f"{name}_download_url"] = f"{FILES}/v{{{{ kube_version }}}}/{name}"
        values[f"{name}_binary_checksum"] = by_version(
            {version: _checksum(files / f"v{version}" / name) for version in tags}
        )
    values["coredns_version"] = by_version(
        {version: known.coredns.removeprefix("v") for version, known in tags.items()}
    )
    values["pod_infra_version"] = by_version({version: known.pause for version, known in tags.items()})
    return values


def by_version(values: Mapping[str, str]) -> str:
    """Return an expression that is undefined for a version that is not served, so that Ansible names this version."""
    literal = json.dumps(dict(sorted(values.items())))
    return f"{{{{ {literal}[kube_version] }}}}"


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
