"""What has become of a host between two looks at it, held against docs/hosts.md, which says what does."""

import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.support.examples import TREE

PROGRAM = (TREE / "tests/lab/snapshot.py").read_text(encoding="utf-8")
"""Runs on a host, by its Python, and prints a snapshot."""
PAGE = TREE / "docs/hosts.md"
_KINDS = {
    **{"file": "files", "package": "packages", "unit": "units", "port": "ports", "table": "tables"},
    **{"device": "interfaces", "route": "routes", "account": "accounts", "setting": "sysctls"},
}
"""The page's words for the parts of a snapshot."""

Snapshot = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the page."""

    section: str
    """The section's heading."""
    part: str
    """Of a snapshot."""
    patterns: tuple[str, ...]
    """As in fnmatch(3); `*` stands for `/` as well. A pattern of a directory stands for what is in it, too."""
    gone: bool
    """Whether it goes when the node is removed."""

    def fits(self, part: str, name: str) -> bool:
        return part == self.part and any(
            fnmatch.fnmatchcase(name, pattern) or (part == "files" and fnmatch.fnmatchcase(name, f"{pattern}/*"))
            for pattern in self.patterns
        )


def rows(*sections: str) -> list[Row]:
    """Return the rows of the page's sections."""
    found = []
    for text in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        section = text.partition("\n")[0]
        for line in text.splitlines() if section in sections else ():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if cells[0] not in _KINDS:
                continue
            kind, what, _, after = cells
            assert after in ("gone", "stays"), line
            patterns = tuple(word for word in what.split("`")[1::2])
            assert patterns, line
            found.append(Row(section, _KINDS[kind], patterns, after == "gone"))
    assert {row.section for row in found} == set(sections)
    return found


def snapshot(printed: str) -> Snapshot:
    """Read what the program printed."""
    whole: Snapshot = json.loads(printed)
    return whole


def differences(before: Snapshot, after: Snapshot) -> set[tuple[str, str]]:
    """Return what is new, gone or different, as part and name. The files of a new package count as that package."""
    of_packages = set(after["owned"]) - set(before["owned"])
    return {
        (part, name)
        for part in _KINDS.values()
        for name in before[part].keys() | after[part].keys()
        if before[part].get(name) != after[part].get(name) and not (part == "files" and name in of_packages)
    }


def not_on_the_page(changes: Iterable[tuple[str, str]], page: Iterable[Row]) -> list[str]:
    """Return the changes that no row names."""
    page = list(page)
    return sorted(f"{part}: {name}" for part, name in changes if not any(row.fits(part, name) for row in page))


def not_seen(changes: Iterable[tuple[str, str]], page: Iterable[Row]) -> list[str]:
    """Return the patterns that no change fits."""
    changes = list(changes)
    return [
        f"{row.part}: {pattern}"
        for row in page
        for pattern in row.patterns
        if not any(Row(row.section, row.part, (pattern,), row.gone).fits(part, name) for part, name in changes)
    ]
