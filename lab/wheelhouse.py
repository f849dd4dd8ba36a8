"""Wheels for deployers without a package index: `pip install --no-index --find-links DIRECTORY -r requirements.txt`."""

import argparse
import sys
from pathlib import Path

from tools import cache, progress
from tools.errors import ToolError

PYTHON = "3.11"
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""Platform tags of the lab's hosts: Debian 12, CPython 3.11, glibc 2.36."""

STANDIN = Path(__file__).parent / "standin" / "requirements.txt"


def ensure(requirements: Path = STANDIN) -> Path:
    """Return a directory with the wheels of all requirements and their dependencies, downloaded if not cached.

    The requirements should be exact pins, because the cache entry is named by their text alone. Raises ToolError when
    the index cannot be reached or has no wheel for the hosts' Python.
    """
    text = requirements.read_bytes()
    name = f"wheelhouse/{cache.digest(text, PYTHON, *PLATFORMS)}"

    def fill(target: Path) -> None:
        with progress.step(f"wheels for {requirements.name} of {requirements.parent.name}", expect="some seconds"):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
            command += [f"--platform={platform}" for platform in PLATFORMS]
            progress.run([*command, f"--dest={target}", f"--requirement={requirements}"])

    return cache.entry(name, fill)


def main() -> int:
    """Print the directory of wheels for one file of requirements."""
    parser = argparse.ArgumentParser(prog="python -m lab.wheelhouse", description=__doc__)
    parser.add_argument("requirements", nargs="?", type=Path, default=STANDIN, help="default: the stand-in's")
    arguments = parser.parse_args()
    try:
        print(ensure(arguments.requirements))
    except (ToolError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
