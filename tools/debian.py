"""Debian packages that development and the lab need on this machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from tools.errors import ToolError
from tools.progress import run, step


def missing(packages: Iterable[str]) -> list[str]:
    """Return the packages of the list that are not installed, each once, in the given order."""
    wanted = list(dict.fromkeys(packages))
    if shutil.which("dpkg-query") is None:
        message = (
            f"This is no Debian system (no dpkg-query): install what these packages hold yourself: {' '.join(wanted)}"
        )
        raise ToolError(message)
    # dpkg-query exits 1 when a name is unknown to it, and still lists the others: the output alone is what counts.
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


def ensure(packages: Iterable[str]) -> None:
    """Install those of the packages that are missing, with apt-get; say which.

    Raises ToolError where this cannot be done: no Debian, not root, or apt-get failed.
    """
    absent = missing(packages)
    if not absent:
        return
    if os.geteuid() != 0:
        message = f"Debian packages are missing and only root can install them: apt-get install {' '.join(absent)}"
        raise ToolError(message)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Debian packages: {' '.join(absent)}", expect="under a minute"):
        run(["apt-get", "update", "--quiet"], env=env)
        run(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *absent], env=env)


def main() -> int:
    """Install the packages that the command line names."""
    try:
        ensure(sys.argv[1:])
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
