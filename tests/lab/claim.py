"""The labs of the tests. One that was left behind by tests which were killed is taken down before the next begin."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.layout import Layout, state_root
from lab.topology_file import load
from tests.support.examples import TREE
from tools import lock


@contextmanager
def claimed(topology: Path, **environment: str) -> Iterator[bool]:
    """Have this lab for these tests alone; yields whether somebody who is no test has it up.

    `environment` is that in which the lab is made, where it differs from the tests' own. What tests leave behind is
    known by a note, which is there for as long as a lab of theirs; a lock tells whether those still run.
    """
    layout = Layout(load(topology).name)
    note = state_root() / f"{layout.name}.tests"
    waiting = f"{layout.name}: another run of the tests has this lab, waiting"
    with lock.held(note.with_suffix(".tests.lock"), waiting):
        if note.exists():
            print(f"    {layout.name}: a lab of tests that were killed, taken down first", flush=True)
            _take_down(**json.loads(note.read_text(encoding="utf-8")))
            note.unlink()
        if layout.state.is_dir():
            yield True
            return
        left: dict[str, Any] = {"tree": str(TREE), "topology": str(topology), "environment": environment}
        note.write_text(json.dumps(left), encoding="utf-8")
        try:
            yield False
        finally:
            _take_down(**left)
            note.unlink()


def _take_down(tree: str, topology: str, environment: dict[str, str]) -> None:
    # A lab is taken down from the tree that made it, if there still is one.
    home = tree if Path(tree).is_dir() else str(TREE)
    file = topology if Path(topology).exists() else str(TREE / Path(topology).relative_to(tree))
    down = [sys.executable, "-m", "lab", "--topology", file, "down"]
    subprocess.run(down, cwd=home, env={**os.environ, **environment, "PYTHONPATH": home}, check=True)
