"""Where the `command` and `random` plug-ins come from: the official ones wherever they can be had, else the lab's."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import net
from tools.errors import ToolError
from tools.pins import pins
from tools.progress import run, step

# Where the command of the official installation takes plug-ins from when their source repository does not answer.
_PROBE = "https://get.pulumi.com/"
LAB_DIRECTORY = Path(__file__).resolve().parent.parent / "lab/plugins/bin"


@dataclass(frozen=True)
class Plugins:
    """`directories` go on PATH (none for plug-ins in our own Pulumi home); `official` is false for the lab's own."""

    directories: tuple[Path, ...]
    official: bool
    way: str


def find(path: str, home: Path, environment: Mapping[str, str]) -> Plugins:
    """Take the first way that works. `environment` must find `pulumi`; `home` is the Pulumi home that it names.

    Raises ToolError when there are not even the lab's own.
    """
    wanted = pins().pulumi_plugins
    if found := on_path(path, list(wanted)):
        return found
    if found := installed(wanted, own=home, others=_other_homes()):
        return found
    try:
        net.fetch_text(_PROBE)
        with step("install the official Pulumi plug-ins", expect="a minute"):
            for name, version in wanted.items():
                run(["pulumi", "plugin", "install", "resource", name, version], env=environment)
        return Plugins((), official=True, way=f"official, installed ({_listed(wanted)})")
    except ToolError as error:
        return lab(LAB_DIRECTORY, list(wanted), reason=str(error))


def on_path(path: str, names: Sequence[str]) -> Plugins | None:
    """Return the plug-ins that `path` has, if it has all of them."""
    found = [shutil.which(f"pulumi-resource-{name}", path=path) for name in names]
    directories = tuple(dict.fromkeys(Path(program).parent for program in found if program))
    return Plugins(directories, official=True, way="official, on PATH") if all(found) else None


def installed(wanted: Mapping[str, str], *, own: Path, others: Sequence[Path]) -> Plugins | None:
    """Return the plug-ins of exactly these versions from one Pulumi home, if it has all of them."""
    for home in (own, *others):
        directories = [home / "plugins" / f"resource-{name}-v{version}" for name, version in wanted.items()]
        programs = [d / f"pulumi-resource-{name}" for d, name in zip(directories, wanted, strict=True)]
        if all(os.access(program, os.X_OK) for program in programs):
            return Plugins(() if home == own else tuple(directories), official=True, way=f"official, from {home}")
    return None


def lab(directory: Path, names: Sequence[str], *, reason: str) -> Plugins:
    """Return the plug-ins of the lab, for want of the official ones."""
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
