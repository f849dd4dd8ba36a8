"""Programs of Kubernetes, etcd, CoreDNS and CNI, built from published Go modules.

`k8s.io/kubernetes` cannot be built by its module path alone, because it replaces its staging modules by directories of
its own repository. These modules are also published, as v0.MINOR.PATCH; the build uses the published ones.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tools import gobuild
from tools.errors import ToolError
from tools.pins import GoPin, pins

BINARIES = (
    "kubeadm",
    "kubelet",
    "kubectl",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
)
CNI = ("bridge", "host-local", "loopback", "portmap")
_MODULE = "k8s.io/kubernetes"
_CONSTANTS = "cmd/kubeadm/app/constants/constants.go"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tags:
    """Image tags that kubeadm of one version expects, from its source."""

    etcd: str
    coredns: str
    pause: str


@dataclass(frozen=True)
class Programs:
    """Paths of the programs of one Kubernetes version on this machine, and the tags of images made from them."""

    kubernetes: Path
    etcd: Path
    cni: Path
    coredns: Path
    pause: Path
    podtool: Path
    tags: Tags


def build(version: str) -> Programs:
    """Build the programs that the cache does not have; `version` has no leading v. Raises ToolError on failure."""
    source = gobuild.download(_MODULE, f"v{version}")
    tags = read_tags((Path(source["Dir"]) / _CONSTANTS).read_text(encoding="utf-8"))
    if tags.coredns != (ours := _coredns_version()):
        print(f"    CoreDNS {ours} replaces {tags.coredns}, which kubeadm {version} expects", flush=True)
    return Programs(
        kubernetes=_kubernetes(version, Path(source["GoMod"])),
        etcd=gobuild.build(_etcd(tags.etcd), expect="under a minute, once"),
        cni=gobuild.build(
            pins().go["cni-plugins"],
            ldflags=[f"-X {pins().go['cni-plugins'].module}/pkg/utils/buildversion.BuildVersion={_cni_version()}"],
            expect="seconds, once",
        ),
        coredns=gobuild.build_local(_HERE / "coredns", "coredns", quick=True, expect="a minute, once"),
        pause=gobuild.build_local(_HERE / "pause", "pause"),
        podtool=gobuild.build_local(_HERE / "podtool", "podtool"),
        tags=tags,
    )


def read_tags(constants: str) -> Tags:
    """Return the tags in kubeadm's `constants.go`. Raises ToolError when a constant is missing."""

    def value(name: str) -> str:
        if match := re.search(rf'^\s*{name}\s*=\s*"([^"]+)"', constants, re.MULTILINE):
            return match[1]
        message = f"kubeadm's source has no constant {name}: the lab does not support this version"
        raise ToolError(message)

    return Tags(etcd=value("DefaultEtcdVersion"), coredns=value("CoreDNSVersion"), pause=value("PauseVersion"))


def staging(go_mod: object, version: str) -> dict[str, str]:
    """Return the replacements of staging modules; `go_mod` is k8s.io/kubernetes' as `go mod edit -json` prints it."""
    published = f"v0.{version.split('.', 1)[1]}"
    requires = go_mod.get("Require") if isinstance(go_mod, dict) else None
    paths = [entry["Path"] for entry in requires or [] if entry["Version"] == "v0.0.0"]
    return {path: f"{path} {published}" for path in paths if path.startswith("k8s.io/")}


def _kubernetes(version: str, go_mod: Path) -> Path:
    pin = GoPin(
        name="kubernetes",
        module=_MODULE,
        version=f"v{version}",
        binaries={name: f"{_MODULE}/cmd/{name}" for name in BINARIES},
        sum=pins().kubernetes_sums.get(version, ""),
        replace=staging(gobuild.module_file(go_mod), version),
        quick=True,
    )
    major, minor, _ = version.split(".", 2)
    values = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    ldflags = [f"-X {package}.{name}={value}" for package in packages for name, value in values.items()]
    return gobuild.build(pin, ldflags=ldflags, expect="about 4 min on two cores, once")


def _etcd(tag: str) -> GoPin:
    version = f"v{tag.partition('-')[0]}"
    modules = {"etcd": "go.etcd.io/etcd/server/v3", "etcdctl": "go.etcd.io/etcd/etcdctl/v3"}
    return GoPin(
        name="etcd",
        module=modules["etcd"],
        version=version,
        binaries=modules,
        requires={modules["etcdctl"]: version},
        sum=pins().etcd_sums.get(version.removeprefix("v"), ""),
    )


def _cni_version() -> str:
    return pins().go["cni-plugins"].version


def _coredns_version() -> str:
    text = (_HERE / "coredns/go.mod").read_text(encoding="utf-8")
    match = re.search(r"github.com/coredns/coredns (v\S+)", text)
    return match[1] if match else "of no known version"
