"""The root file systems that hosts share, kept in the cache: one for each system that a topology has."""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock

from lab.systems import Recipe, recipe
from lab.topology import System
from tools import cache, debian, gobuild
from tools.pins import pins
from tools.progress import run, step

_TOOLS = ("mmdebstrap", "dpkg-dev")
_RPM_TOOLS = ("rpm", "createrepo-c")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
_DIRECTORY = Path(__file__).parent / "rootfs"
_installing = Lock()  # apt-get fails while another one runs


def ensure(system: System, also: tuple[str, ...] = ()) -> Path:
    """Return the directory of a system's root file system, made if the cache does not have it.

    `also` are packages that it has besides. It is read-only by convention: hosts mount overlays over it. Raises
    ToolError on failure.
    """
    return cache.entry(name_of(system, also), lambda target: _make(system, also, target)) / "root"


def ensure_all(systems: Iterable[tuple[System, tuple[str, ...]]]) -> Mapping[tuple[System, tuple[str, ...]], Path]:
    """Return the root file systems of these systems with further packages; missing ones are made two at a time."""
    wanted = list(dict.fromkeys(systems))
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(wanted, pool.map(lambda each: ensure(*each), wanted), strict=True))


def name_of(system: System, also: tuple[str, ...] = ()) -> str:
    """Return the name of a system's entry in the cache, which follows from everything that it is made of."""
    wanted = _recipe(system, also)
    directories = [_DIRECTORY / "common", *([_DIRECTORY / wanted.own] if wanted.own else [])]
    inputs = repr((wanted, _LEFT_OUT, pins().go["wireguard-go"]))
    return f"rootfs/{system}-{cache.digest(inputs, *map(cache.digest_tree, directories))}"


def _recipe(system: System, also: tuple[str, ...]) -> Recipe:
    common = recipe(system)
    return replace(common, packages=tuple(dict.fromkeys((*common.packages, *also))))


def _make(system: System, also: tuple[str, ...], target: Path) -> None:
    wanted = _recipe(system, also)
    with _installing:
        debian.ensure([*_TOOLS, *(_RPM_TOOLS if wanted.own == "el9" else ())])
    wireguard_go = gobuild.binary("wireguard-go")
    hooks = [_DIRECTORY / "common" / "customize", *([_DIRECTORY / wanted.own / "customize"] if wanted.own else [])]
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(wanted.packages)}",
        *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
        *(f"--customize-hook={hook}" for hook in hooks),
        wanted.suite,
        str(target / "root"),
    ]
    environment = {**os.environ, "WIREGUARD_GO": str(wireguard_go), "PACKAGES": " ".join(wanted.offered)}
    title = f"root file system of {system} hosts: Debian {wanted.suite} by mmdebstrap"
    with step(title, expect="one to three minutes"):
        run(command, env=environment)
