"""Progress of a long run, for a person: lines with the time since its start, in one file."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 400
"""Characters of a line. A line of 64 KiB would stop the reader at the other end of the connection."""


@dataclass(frozen=True)
class Progress:
    """Appends lines to a file. `started` is in seconds since the epoch."""

    file: Path
    started: float

    @classmethod
    def from_environment(cls) -> "Progress":
        """Read STRETCHED_PROGRESS and STRETCHED_STARTED. Raises KeyError where they are not set."""
        return cls(Path(os.environ["STRETCHED_PROGRESS"]), float(os.environ["STRETCHED_STARTED"]))

    def tell(self, text: str) -> None:
        """Write a text of one or more lines."""
        minutes, seconds = divmod(int(time.time() - self.started), 60)
        first, *rest = text.splitlines() or [""]
        lines = [f"[{minutes:3}:{seconds:02}] {first}", *(f"         {line}" for line in rest)]
        with self.file.open("a", encoding="utf-8") as out:
            out.write("".join(f"{line[:_LONGEST]}\n" for line in lines))
