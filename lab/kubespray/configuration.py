"""Stack configuration for real Kubespray in the lab: the one for the stand-in, with some values replaced."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab.kubespray.service import Mirror
from lab.layout import TREE, Layout

BASE = TREE / "Pulumi.dev.yaml"
_KUBERNETES = "stretched:kubernetes"
_FILES = "@FILES@"
_REGISTRY = "@REGISTRY@"
_LAB_IMAGES = "registry.lab"  # registry in the names of images that exist in lab/kubernetes only


def path(layout: Layout) -> Path:
    """Return the path of the configuration of a lab's stack, in a directory of mode 0700."""
    return layout.access / "kubespray" / BASE.name


def version() -> str:
    """Return the version of Kubernetes that the configuration declares."""
    return str(yaml.safe_load(BASE.read_text(encoding="utf-8"))["config"][_KUBERNETES]["version"])


def write(layout: Layout, checkout: Path, wheelhouse: Path, mirror: Mirror, artifacts: Path) -> Path:
    """Write the configuration and return its path."""
    raw = (artifacts / "variables.json").read_text(encoding="utf-8")
    raw = raw.replace(_FILES, mirror.files_url).replace(_REGISTRY, mirror.registry)
    document = make(yaml.safe_load(BASE.read_text(encoding="utf-8")), checkout, wheelhouse, mirror, json.loads(raw))
    target = path(layout)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o700)
    target.touch(mode=0o600)
    header = "# Made by `python -m lab kubespray` from Pulumi.dev.yaml: the lab's cluster by real Kubespray.\n"
    target.write_text(header + yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return target


def make(
    base: Mapping[str, object], checkout: Path, wheelhouse: Path, mirror: Mirror, downloads: Mapping[str, object]
) -> dict[str, object]:
    """Return the configuration, made from that of the stand-in; only the section `kubernetes` differs.

    `downloads` are the variables that point Kubespray at the mirror.
    """
    config = base["config"]
    assert isinstance(config, dict)  # noqa: S101 - a file of this tree
    kubernetes: dict[str, object] = {
        **config[_KUBERNETES],
        "networkPlugin": "flannel",
        "kubespray": {"directory": str(checkout), "wheelhouse": str(wheelhouse)},
        "variables": {**config[_KUBERNETES]["variables"], **_lab(mirror), **downloads},
    }
    return {**base, "config": {**config, _KUBERNETES: kubernetes}}


def _lab(mirror: Mirror) -> dict[str, object]:
    """Return the variables that Kubespray needs on these hosts, in addition to those of the stand-in."""
    return {
        "files_repo": mirror.files_url,
        # The registry uses plain HTTP, and serves the images of one more name.
        "containerd_registries_mirrors": [
            {
                "prefix": prefix,
                "mirrors": [
                    {"host": f"http://{mirror.registry}", "capabilities": ["pull", "resolve"], "skip_verify": True}
                ],
            }
            for prefix in (mirror.registry, _LAB_IMAGES)
        ],
        # Without CAP_SYS_RESOURCE, containerd can neither raise limits nor lower the OOM score.
        "containerd_extra_runtime_args": {"restrict_oom_score_adj": True},
        "containerd_base_runtime_spec_rlimit_nofile": 20000,
        "containerd_limit_open_file_num": 20000,
        # The mode nftables loads kernel modules, which the hosts do not have.
        "kube_proxy_mode": "iptables",
        # There is no name server, but Kubespray rejects a host without one.
        "upstream_dns_servers": [str(mirror.address)],
        # Hosts share the machine's disk with other programs; kubelet's default limits are 10 and 15 % of it.
        "eviction_hard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        "kubelet_image_gc_high_threshold": 100,
        # Hosts share the machine's clock.
        "ntp_enabled": False,
        # The lab has no images of these; the first one needs a kernel module, too.
        "enable_nodelocaldns": False,
        "enable_dns_autoscaler": False,
        "deploy_netchecker": False,
        "helm_enabled": False,
        "metrics_server_enabled": False,
    }
