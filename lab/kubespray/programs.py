"""Programs that Kubespray installs on hosts besides those of Kubernetes, built from published Go modules."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import debian, gobuild
from tools.pins import pins

# seccomp needs the C library; with the other two, the static binary does not call the resolver of the host.
_RUNC_TAGS = ("seccomp", "netgo", "osusergo")
_RUNC_NEEDS = ("gcc", "libc6-dev", "libseccomp-dev")


@dataclass(frozen=True)
class Program:
    """Programs of one release: a version without a leading v, and files by name."""

    version: str
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Programs:
    """All programs that are built for hosts."""

    etcd: Program
    containerd: Program
    runc: Program
    cni: Program


def build() -> Programs:
    """Build the programs that the cache lacks, in about four minutes on two cores. Raises ToolError on failure."""
    go = pins().go
    debian.ensure(_RUNC_NEEDS)
    containerd, cni = go["containerd"], go["cni-plugins"]
    return Programs(
        etcd=_program("etcd", gobuild.build(go["etcd"], expect="under a minute, once")),
        containerd=_program(
            "containerd",
            gobuild.build(
                containerd,
                ldflags=[f"-X {containerd.module}/version.Version={containerd.version}"],
                expect="a minute or two, once",
            ),
        ),
        runc=_program("runc", gobuild.build(go["runc"], cgo_tags=_RUNC_TAGS, expect="under a minute, once")),
        cni=_program(
            "cni-plugins",
            gobuild.build(
                cni,
                ldflags=[f"-X {cni.module}/pkg/utils/buildversion.BuildVersion={cni.version}"],
                expect="seconds, once",
            ),
        ),
    )


def _program(pin: str, directory: Path) -> Program:
    known = pins().go[pin]
    return Program(known.version.removeprefix("v"), {name: directory / name for name in known.binaries})
