"""Programs of a host as stubs on PATH, and scripts run with them."""

import os
import subprocess
from pathlib import Path

SOURCED = '. "{here}/lib.sh"; here={here}; . "{here}/relay.sh"; {words}'
"""A script that runs words after it has read the scripts of relays."""


def stub(directory: Path, name: str, text: str = "exit 0") -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def sh(here: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{here.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", script], env={"PATH": path, **environment}, text=True, capture_output=True, check=False
    )
