"""Where the executables of the plug-ins are, the lab's and the official ones."""

from __future__ import annotations

import os
from pathlib import Path

from tests.plugins.bed import TREE

LAB = TREE / "lab" / "plugins" / "bin"


def official(name: str) -> Path | None:
    """The official plug-in on PATH or among those that Pulumi installed; the newest of several."""
    executable = f"pulumi-resource-{name}"
    for directory in os.get_exec_path():
        candidate = Path(directory, executable)
        if os.access(candidate, os.X_OK) and LAB not in candidate.resolve().parents:
            return candidate
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return max(home.glob(f"plugins/resource-{name}-v*/{executable}"), default=None)
