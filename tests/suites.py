"""The suites: `python -m tests.suites SUITE... [--only CHOICE]` runs them, part after part. The Makefile calls it.

A test marked `long` belongs to the long suite, any other to the short one. CHOICE is a path of the tree, or words as
pytest's `-k` takes them: parts of the names of tests and of their files.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]
NONE_SELECTED = 5
"""Exit code of pytest."""
MARKS = pytest.StashKey[dict[str, set[str]]]()
"""The names of the marks of every test that was collected, chosen or not."""


@dataclass(frozen=True)
class Part:
    """Tests that run together.

    `marks` selects them, in pytest's words (`-m`). With several `processes`, the tests of one file run in one of them.
    """

    title: str
    marks: str
    processes: int


SUITES = {
    "short": (Part("the short suite, in two processes: one begins with a lab", "not long", 2),),
    "long": (
        Part("the long suite, tests that want the machine for themselves", "long and alone", 1),
        Part("the long suite, in three processes: one begins with clusters, two with labs", "long and not alone", 3),
    ),
}


def words(part: Part, only: str = "") -> Iterator[str]:
    """Yield the words by which pytest runs a part, or what is chosen of it."""
    yield from ("-m", part.marks)
    if part.processes > 1:
        yield from ("-n", str(part.processes), "--dist", "loadscope", "--no-loadscope-reorder")
    if only:
        yield from (only,) if (TREE / only.partition("::")[0]).exists() else ("-k", only)


def run(parts: Iterable[Part], only: str) -> int:
    """Run all parts, whether or not one fails; return the exit code."""
    codes, took = [], []
    for part in parts:
        print(f"\n==> {part.title}", flush=True)
        began = time.monotonic()
        codes.append(
            subprocess.run([sys.executable, "-m", "pytest", *words(part, only)], cwd=TREE, check=False).returncode
        )
        took.append(f"    {(time.monotonic() - began) / 60:5.1f} min: {part.title}")
    print("\n==> how long it took", *took, sep="\n")
    if set(codes) == {NONE_SELECTED}:
        print(f"error: no test here is chosen by `{only}`", file=sys.stderr)
        return NONE_SELECTED
    return next((code for code in codes if code not in (0, NONE_SELECTED)), 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.suites")
    parser.add_argument("suites", nargs="+", choices=SUITES)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    return run([part for suite in given.suites for part in SUITES[suite]], given.only)


if __name__ == "__main__":
    sys.exit(main())
