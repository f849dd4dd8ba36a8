"""Files of this tree that are uploaded to hosts: complete Python packages, and directories of scripts."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SCRIPTS = Path(__file__).parents[1] / "hosts" / "scripts"
_NOT_UPLOADED = {"__pycache__"}


@cache
def package(name: str) -> dict[str, bytes]:
    """Return the files of a package by their paths below the directory in the host's PYTHONPATH.

    They do not include the parent packages, which are namespace packages (PEP 420) for the host's Python. So the
    package may import only itself, other uploaded packages, and the standard library; tests/test_rooms.py checks that.
    Callers must not change the mapping. Raises ValueError when `name` is not a package.
    """
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        msg = f"{name} is not a package"
        raise ValueError(msg)
    top = Path(spec.submodule_search_locations[0])
    prefix = Path(*name.split("."))
    return {
        str(prefix / path.relative_to(top)): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file() and not _NOT_UPLOADED & set(path.parts)
    }


@cache
def preflight() -> str:
    """Return the preflight as one script for a shell's standard input: its parts, then the text that runs them."""
    node = scripts("node")
    parts = (node["login.sh"], *scripts("preflight").values(), node["preflight.sh"])
    return b"".join(parts).decode()


@cache
def scripts(directory: str) -> dict[str, bytes]:
    """Return the files of a directory of components/hosts/scripts, by name. Callers must not change the mapping."""
    return {path.name: path.read_bytes() for path in sorted((_SCRIPTS / directory).iterdir()) if path.is_file()}
