"""The record of a lab that is up or half made, with everything that is needed to finish or to remove it."""

import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import netns
from lab.cgroups import Cgroups
from lab.errors import LabError
from lab.layout import TREE, Layout, state_root
from tools import lock

FILE = "lab.json"


@dataclass(frozen=True)
class Record:
    """The record, which is written before any other part of the lab is made.

    `tree` is the working tree, `cgroups` are the lab's directories. `network` is the fingerprint of the network; empty:
    not complete. `mirror` is the directory that hosts see at /opt/mirror, if any.
    """

    tree: str
    cgroups: tuple[str, ...]
    network: str = ""
    mirror: str | None = None

    @property
    def directories(self) -> Cgroups:
        """The lab's cgroups."""
        return Cgroups(tuple(map(Path, self.cgroups)))

    def write(self, layout: Layout) -> None:
        """Replace the record atomically."""
        layout.state.mkdir(parents=True, exist_ok=True)
        layout.state.chmod(0o700)
        temporary = layout.state / "lab.new"
        temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        temporary.rename(layout.state / FILE)


def read(layout: Layout) -> Record | None:
    """Return the lab's record; None: there is no such lab.

    Raises LabError when the lab belongs to another working tree, or its record is in another place.
    """
    try:
        raw = json.loads((layout.state / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if strays := netns.names(layout.netns_prefix):
            message = (
                f"a lab {layout.name} is on this machine ({strays[0]} and others), but not in {layout.state}: it was "
                "made by another user or with another XDG_STATE_HOME; take it down there, or rename your lab"
            )
            raise LabError(message) from None
        return None
    record = Record(**{**raw, "cgroups": tuple(raw["cgroups"])})
    if Path(record.tree) != TREE and Path(record.tree).is_dir():
        message = (
            f"the lab {layout.name} belongs to the tree {record.tree}: run `python -m lab down` there first, "
            "or give your topology another name"
        )
        raise LabError(message)
    return record


def existing() -> list[str]:
    """Return the names of this user's labs."""
    return sorted(path.parent.name for path in state_root().glob(f"*/{FILE}"))


def locked(file: Path) -> AbstractContextManager[None]:
    """Hold a lab's lock file; print a message while another command holds it."""
    return lock.held(file, f"{file.stem}: waiting for another command of the lab")
