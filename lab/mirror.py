"""Mirror directory of a lab: Kubernetes versions side by side, which its hosts see at /opt/mirror.

Hosts mount the directory itself, so that an added version appears while they run. Files are hard links to the cache.
SHA256SUMS is replaced last, so its readers never see a partial version.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab import record
from lab.errors import LabError
from lab.layout import Layout

SUMS = "SHA256SUMS"
_NEW = ".new"


def add(layout: Layout, artifacts: Path) -> None:
    """Add everything in `artifacts`, a mirror directory of the cache, to the lab's mirror, and print what was added."""
    target = layout.mirror
    target.mkdir(parents=True, exist_ok=True)
    wanted, present = _sums(artifacts), _sums(target)
    names = ", ".join(path.name for path in sorted(artifacts.glob("v*")))
    if wanted.items() <= present.items():
        print(f"    mirror: Kubernetes {names} is there", flush=True)
        return
    _place(artifacts, target, [name for name in wanted if wanted[name] != present.get(name)])
    kept = {name: digest for name, digest in present.items() if not (artifacts / name.partition("/")[0]).exists()}
    _write_sums(target, {**kept, **wanted})
    _remove_unlisted(target)
    print(f"    mirror: Kubernetes {names} added, hosts see it at /opt/mirror", flush=True)


def add_to_running(layout: Layout, artifacts: Path) -> None:
    """Add to the mirror of a running lab. Raises LabError when it is down or its hosts have no mirror."""
    with record.locked(layout.lock):
        known = record.read(layout)
        if known is None or known.mirror is None:
            message = f"hosts of the lab {layout.name} see no mirror: its topology needs `mirror: true`, then `lab up`"
            raise LabError(message)
        add(layout, artifacts)


def _place(source: Path, target: Path, names: list[str]) -> None:
    """Link or copy the files, each atomically."""
    copied = 0
    for name in names:
        final = target / name
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(final.name + _NEW)
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(source / name)
        except OSError:  # another file system
            shutil.copy2(source / name, temporary)
            copied += 1
        temporary.rename(final)
    if copied:
        print(f"    mirror: {copied} files copied, as {source} and {target} are on different file systems", flush=True)


def _sums(directory: Path) -> dict[str, str]:
    """Return the digests in the directory's checksum file, by path; empty when there is no such file."""
    file = directory / SUMS
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _write_sums(directory: Path, sums: Mapping[str, str]) -> None:
    temporary = directory / (SUMS + _NEW)
    temporary.write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)), encoding="utf-8")
    temporary.rename(directory / SUMS)


def _remove_unlisted(directory: Path) -> None:
    """Remove files of earlier builds and of interrupted runs."""
    listed = {directory / name for name in (*_sums(directory), SUMS)}
    for path in _files(directory):
        if path not in listed:
            path.unlink()


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in list(directory.rglob("*")) if path.is_file())
