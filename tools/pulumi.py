"""The environment in which this project runs Pulumi; `python -m tools.pulumi` makes it and prints the sources used.

The sources are chosen once and recorded in the cache, so that later calls neither probe the network nor start programs.
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
_RETRY_SECONDS = 6 * 3600.0
"""Time after which `python -m tools.pulumi`, and nothing else, tries to get the official plug-ins again."""


@dataclass(frozen=True)
class Choice:
    """The chosen sources: directories for PATH, descriptions for people, and the time (`at`, seconds since 1970)."""

    cli: str
    cli_way: str
    plugins: tuple[str, ...]
    official: bool
    plugins_way: str
    at: float

    def report(self) -> str:
        """Return two lines for people."""
        return f"pulumi: {self.cli_way}\nplug-ins: {self.plugins_way}"


def environment() -> dict[str, str]:
    """Return the environment for `pulumi`, except backend and passphrase. Missing parts are made, which takes minutes.

    Raises ToolError when there is no source of Pulumi.
    """
    chosen = _recorded() or _choose()
    return _environment(chosen.cli, chosen.plugins, official=chosen.official)


def main() -> int:
    """Choose the sources, again if official plug-ins may have become available, and print them."""
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
        # The virtual environment comes first, because the language host uses the first python on PATH.
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
    """Return the earlier choice for the same pins and the same programs on PATH, if its directories still exist."""
    try:
        record = json.loads(_file().read_text(encoding="utf-8"))
        chosen = Choice(**{**record, "plugins": tuple(record["plugins"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return chosen if all(Path(directory).is_dir() for directory in (chosen.cli, *chosen.plugins)) else None


def _file() -> Path:
    path = _outer_path()
    programs = ["pulumi", *(f"pulumi-resource-{name}" for name in pins().pulumi_plugins)]
    paths = [str(shutil.which(program, path=path)) for program in programs]
    key = cache.digest(PINS_FILE.read_bytes(), *paths, str(_TREE))
    return cache.cache_dir() / "pulumi" / f"choice-{key}.json"


def _home() -> Path:
    return cache.cache_dir() / "pulumi/home"


def _outer_path() -> str:
    """Return PATH without the directories of `_environment`, so that nested calls return the same environment."""
    ours = [cache.cache_dir(), pulumi_plugins.LAB_DIRECTORY, _TREE / ".venv/bin"]
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if not any(Path(entry).is_relative_to(own) for own in ours))


if __name__ == "__main__":
    sys.exit(main())
