"""Sources of the plug-ins `command` and `random`: the official ones where available, else those of the lab."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import net
from tools.errors import ToolError
from tools.pins import pins
from tools.progress import run, step

# `pulumi plugin install` downloads from here when the source repository does not answer.
_PROBE = "https://get.pulumi.com/"
LAB_DIRECTORY = Path(__file__).resolve().parent.parent / "lab/plugins/bin"


@dataclass(frozen=True)
class Plugins:
    """`directories` go on PATH (none for plug-ins in our own Pulumi home); `official` is false for those of the lab."""

    directories: tuple[Path, ...]
    official: bool
    way: str


def find(path: str, home: Path, environment: Mapping[str, str]) -> Plugins:
    """Return the plug-ins from the first source that works.

    `environment` must have `pulumi` on PATH; `home` is its Pulumi home. Raises ToolError when even the lab's plug-ins
    are missing.
    """
    wanted = pins().pulumi_plugins
    if plugins := on_path(path, list(wanted)):
        return plugins
    if plugins := installed(wanted, own=home, others=_other_homes()):
        return plugins
    try:
        net.fetch_text(_PROBE)
        with step("install the official Pulumi plug-ins", expect="a minute"):
            for name, version in wanted.items():
                run(["pulumi", "plugin", "install", "resource", name, version], env=environment)
        return Plugins((), official=True, way=f"official, installed ({_listed(wanted)})")
    except ToolError as error:
        return lab(LAB_DIRECTORY, list(wanted), reason=str(error))


def on_path(path: str, names: Sequence[str]) -> Plugins | None:
    """Return the plug-ins on `path`, if all of them are there."""
    programs = [shutil.which(f"pulumi-resource-{name}", path=path) for name in names]
    directories = tuple(dict.fromkeys(Path(program).parent for program in programs if program))
    return Plugins(directories, official=True, way="official, on PATH") if all(programs) else None


def installed(wanted: Mapping[str, str], *, own: Path, others: Sequence[Path]) -> Plugins | None:
    """Return the plug-ins of exactly these versions from the first Pulumi home that has all of them."""
    for home in (own, *others):
        directories = [home / "plugins" / f"resource-{name}-v{version}" for name, version in wanted.items()]
        programs = [d / f"pulumi-resource-{name}" for d, name in zip(directories, wanted, strict=True)]
        if all(os.access(program, os.X_OK) for program in programs):
            return Plugins(() if home == own else tuple(directories), official=True, way=f"official, from {home}")
    return None


def lab(directory: Path, names: Sequence[str], *, reason: str) -> Plugins:
    """Return the plug-ins of the lab; `reason` says why the official ones are unavailable."""
    absent = [name for name in names if not os.access(directory / f"pulumi-resource-{name}", os.X_OK)]
    if absent:
        message = f"no official Pulumi plug-ins ({reason}), and {directory} lacks {', '.join(absent)} too"
        raise ToolError(message)
    return Plugins((directory,), official=False, way=f"AIR-GAPPED LAB plug-ins of this tree, as there is {reason}")


def _other_homes() -> list[Path]:
    given = os.environ.get("PULUMI_HOME")
    return [Path(given)] if given else [Path.home() / ".pulumi"]


def _listed(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in wanted.items())
