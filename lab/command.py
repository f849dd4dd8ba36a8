"""Execution of the programs that the lab uses."""

import subprocess

from lab.errors import LabError


def run(*argv: str, stdin: str = "") -> str:
    """Run a command and return its standard output. Raises LabError with its error output on failure."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    except OSError as error:
        message = f"{argv[0]} cannot be run: {error.strerror}"
        raise LabError(message) from error
    if done.returncode != 0:
        message = f"{' '.join(argv)}: exit code {done.returncode}: {(done.stderr or done.stdout).strip()}"
        raise LabError(message)
    return done.stdout


def succeeds(*argv: str) -> bool:
    """Tell whether a command ends with exit code 0; its output is discarded."""
    return subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0
