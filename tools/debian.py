"""Installation of Debian packages on this machine, for development and for the lab."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from tools.errors import ToolError
from tools.progress import run, step


def missing(packages: Iterable[str]) -> list[str]:
    """Return the packages that are not installed, each once, in the given order."""
    wanted = list(dict.fromkeys(packages))
    if shutil.which("dpkg-query") is None:
        message = (
            f"This is not a Debian system (no dpkg-query): install the programs of these packages: {' '.join(wanted)}"
        )
        raise ToolError(message)
    # dpkg-query exits 1 when it does not know one of the names, but lists the others: only its output counts.
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


def ensure(packages: Iterable[str]) -> None:
    """Install missing packages with apt-get, and print their names.

    Raises ToolError when this is impossible: no Debian system, not root, or a failure of apt-get.
    """
    absent = missing(packages)
    if not absent:
        return
    if os.geteuid() != 0:
        message = f"Debian packages are missing, and only root can install them: apt-get install {' '.join(absent)}"
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
