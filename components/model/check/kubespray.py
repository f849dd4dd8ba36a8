"""Checks of the source of the playbooks."""

import re
from pathlib import Path

from components.model.problems import Problems, printable, shown
from components.model.spec import Spec

_PATH = "kubernetes.kubespray"


def check_kubespray(spec: Spec, problems: Problems) -> None:
    """Report a source of playbooks that is incomplete or does not exist."""
    source = spec.kubernetes.kubespray
    if (source.directory is None) == (source.repository is None) and not problems.at(_PATH):
        problems.add(
            "no-kubespray",
            _PATH,
            "needs either `directory` or `repository`, not both" if source.directory else "is missing",
            "write `directory: PATH`, or `repository: URL` and `commit: 40 hexadecimal digits`",
        )
    if source.repository and not re.fullmatch(r"[0-9a-f]{40}", source.commit or ""):
        problems.add(
            "not-a-commit",
            f"{_PATH}.commit",
            f"{shown(source.commit)} is not a commit",
            "write all 40 hexadecimal digits: a tag can move",
        )
    for field, value in (("directory", source.directory), ("wheelhouse", source.wheelhouse)):
        if value is not None and not _is_directory(value):
            problems.add(
                "not-a-directory",
                f"{_PATH}.{field}",
                f"{printable(str(value))} is not a directory",
                "write the path of one on the machine where Pulumi runs",
            )


def _is_directory(path: Path) -> bool:
    try:
        return path.expanduser().is_dir()
    except OSError:  # a directory above it may not be entered
        return False
