"""The files of secret variables on the deployer, root 0600: as given, of the run that goes on, and as applied."""

import shutil
from pathlib import Path

from components.model.convergence.secret_variables import changed_names


class SecretFiles:
    """Secret variables, as JSON objects. `now` is the file that playbooks get."""

    now: Path

    def __init__(self, state: Path) -> None:
        self._given = state / "secrets.json"
        self.now = state / "secrets.now.json"
        self._applied = state / "secrets.applied.json"

    def take(self) -> None:
        """Take them as they are given: another `pulumi up` may bring others while runs go on."""
        _copy(self._given, self.now)

    def changed(self) -> tuple[str, ...]:
        """Return the names of those that are not as in the last run that used them and ended well."""
        return changed_names(_text(self._applied), _text(self.now))

    def keep(self) -> None:
        """Note that they are applied."""
        _copy(self.now, self._applied)


def _copy(source: Path, target: Path) -> None:
    target.touch(0o600)
    shutil.copyfile(source, target)


def _text(file: Path) -> str:
    """Return what is in a file; a missing one has no variables."""
    return file.read_text(encoding="utf-8") if file.exists() else ""
