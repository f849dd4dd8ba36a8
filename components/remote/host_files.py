"""What of this tree runs on hosts, as files to upload: Python packages whole, and directories of scripts."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SCRIPTS = Path(__file__).parents[1] / "hosts" / "scripts"
_NOT_UPLOADED = {"__pycache__"}


@cache
def package(name: str) -> dict[str, bytes]:
    """Return the files of a package by their paths as seen from the directory that is on the host's PYTHONPATH.

    The packages above it are not among them: to the host's Python they are namespace packages (PEP 420), so that the
    package must import nothing but itself, what else is uploaded, and the standard library. tests/test_rooms.py holds
    the packages that are uploaded to it. Nobody changes the mapping.
    """
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        msg = f"{name} is not a package"
        raise ValueError(msg)
    top = Path(found.submodule_search_locations[0])
    prefix = Path(*name.split("."))
    return {
        str(prefix / path.relative_to(top)): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file() and not _NOT_UPLOADED & set(path.parts)
    }


@cache
def scripts(directory: str) -> dict[str, bytes]:
    """Return the files of a directory of components/hosts/scripts, by name. Nobody changes the mapping."""
    return {path.name: path.read_bytes() for path in sorted((_SCRIPTS / directory).iterdir()) if path.is_file()}
