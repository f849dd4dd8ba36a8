"""The environment in which this project runs Pulumi; `python -m tools.pulumi` makes it and says which way was taken.

The ways are chosen once and recorded in the cache, so that later calls neither probe the network nor start programs.
"""

import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import cache, pulumi_cli, pulumi_plugins
from tools.errors import ToolError
from tools.pins import PINS_FILE, pins

_TREE = Path(__file__).resolve().parent.parent
# Plug-ins that could not be had are asked for again after this long, by `python -m tools.pulumi` only.
_RETRY_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Choice:
    """The ways taken: directories for PATH, sentences for people; `at` is in seconds since 1970."""

    cli: str
    cli_way: str
    plugins: tuple[str, ...]
    official: bool
    plugins_way: str
    at: float

    def report(self) -> str:
        """Two lines for people."""
        return f"pulumi: {self.cli_way}\nplug-ins: {self.plugins_way}"


def environment() -> dict[str, str]:
    """Return the whole environment for `pulumi` but backend and passphrase. May take minutes, to make what is missing.

    Raises ToolError when Pulumi cannot be had in any way.
    """
    chosen = _recorded() or _choose()
    return _environment(chosen.cli, chosen.plugins, official=chosen.official)


def main() -> int:
    """Choose again where something better may have turned up since, and report."""
    try:
        chosen = _recorded()
        if chosen is None or (not chosen.official and time.time() - chosen.at > _RETRY_SECONDS):
            chosen = _choose()
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(chosen.report())
    return 0


def _environment(cli: str, plugins: Sequence[str], *, official: bool) -> dict[str, str]:
    env = {
        **os.environ,
        # The virtual environment comes first: the language host runs the program with the first python of PATH.
        "PATH": os.pathsep.join([str(_TREE / ".venv/bin"), cli, *plugins, _outer_path()]),
        "VIRTUAL_ENV": str(_TREE / ".venv"),
        "PULUMI_HOME": str(_home()),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if not official:
        env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return env


def _choose() -> Choice:
    outer = _outer_path()
    cli = pulumi_cli.find(outer)
    _home().mkdir(parents=True, exist_ok=True)
    with_cli = _environment(str(cli.directory), (), official=True)
    plugins = pulumi_plugins.find(outer, _home(), with_cli)
    chosen = Choice(
        cli=str(cli.directory),
        cli_way=cli.way,
        plugins=tuple(map(str, plugins.directories)),
        official=plugins.official,
        plugins_way=plugins.way,
        at=time.time(),
    )
    unfinished = _file().with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(dataclasses.asdict(chosen), indent=1) + "\n", encoding="utf-8")
    unfinished.rename(_file())
    return chosen


def _recorded() -> Choice | None:
    """Return the choice made earlier from the same pins and the same programs on PATH, if it still stands."""
    try:
        record = json.loads(_file().read_text(encoding="utf-8"))
        chosen = Choice(**{**record, "plugins": tuple(record["plugins"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return chosen if all(Path(directory).is_dir() for directory in (chosen.cli, *chosen.plugins)) else None


def _file() -> Path:
    path = _outer_path()
    programs = ["pulumi", *(f"pulumi-resource-{name}" for name in pins().pulumi_plugins)]
    found = [str(shutil.which(program, path=path)) for program in programs]
    key = cache.digest(PINS_FILE.read_bytes(), *found, str(_TREE))
    return cache.cache_dir() / "pulumi" / f"choice-{key}.json"


def _home() -> Path:
    return cache.cache_dir() / "pulumi/home"


def _outer_path() -> str:
    """PATH without what an environment of ours put there, so that one made within another is the same."""
    ours = [cache.cache_dir(), pulumi_plugins.LAB_DIRECTORY, _TREE / ".venv/bin"]
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if not any(Path(entry).is_relative_to(own) for own in ours))


if __name__ == "__main__":
    sys.exit(main())
