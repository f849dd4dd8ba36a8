"""Files of secret variables on the deployer, root 0600: those uploaded last, of the current run, and applied."""

import shutil
from pathlib import Path

from components.model.convergence.secret_variables import changed_names


class SecretFiles:
    """Manages the files, which hold JSON objects. Playbooks read the file `now`."""

    now: Path

    def __init__(self, state: Path) -> None:
        self._given = state / "secrets.json"
        self.now = state / "secrets.now.json"
        self._applied = state / "secrets.applied.json"

    def take(self) -> None:
        """Copy the uploaded variables for this run: another `pulumi up` may upload others meanwhile."""
        _copy(self._given, self.now)

    def changed(self) -> tuple[str, ...]:
        """Return the names of the variables that differ from those applied by the last successful run."""
        return changed_names(_text(self._applied), _text(self.now))

    def keep(self) -> None:
        """Record the variables of this run as applied."""
        _copy(self.now, self._applied)


def _copy(source: Path, target: Path) -> None:
    new = target.with_suffix(".new")  # a full disk must not leave a part of it in force
    new.touch(0o600)
    shutil.copyfile(source, new)
    new.replace(target)


def _text(file: Path) -> str:
    """Return the content of a file; an empty text if it does not exist."""
    return file.read_text(encoding="utf-8") if file.exists() else ""
