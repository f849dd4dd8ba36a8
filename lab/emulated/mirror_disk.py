"""The lab's mirror as a disk of its machines: an image, because they see no directory of ours."""

from pathlib import Path

from lab.command import run
from lab.mirror import SUMS

_ROOM = 64 << 20  # bytes for what a file system keeps about its files


def path(mirror: Path) -> Path:
    """Return the path of the image, which is beside the mirror's directory."""
    return mirror.with_suffix(".ext4")


def ensure(mirror: Path) -> None:
    """Make the image if it is not that of the mirror's present content. Running machines see it at their next boot."""
    image, sums = path(mirror), mirror.with_suffix(".sums")
    present = (mirror / SUMS).read_bytes()
    if image.exists() and sums.exists() and sums.read_bytes() == present:
        return
    size = sum(file.stat().st_size for file in mirror.rglob("*") if file.is_file())
    new = image.with_suffix(".new")
    new.unlink(missing_ok=True)
    run("truncate", f"--size={size + size // 20 + _ROOM}", str(new))
    run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", str(mirror), str(new))
    new.rename(image)  # a machine that runs keeps the old one
    sums.write_bytes(present)
