"""Disks of an emulated machine: an overlay over its image, and a tar of its own files, for the first boot."""

import shutil
from pathlib import Path

from lab.command import run
from lab.emulated.image import Image

_ROOT = "/dev/vda / ext4 defaults,noatime 0 1\n"
_MIRROR = "/dev/vdc /opt/mirror ext4 ro 0 0\n"
DISK, SEED = "disk.qcow2", "seed.tar"


def make(directory: Path, image: Image, key: Path, *, mirror: bool) -> None:
    """Make the disks in a host's directory, whose `upper` has the host's files. `key` is the operator's public key.

    With `mirror`, a third disk is mounted at /opt/mirror.
    """
    etc = directory / "upper" / "etc"
    (etc / "lab").mkdir()
    (etc / "fstab").write_text(_ROOT + (_MIRROR if mirror else ""), encoding="utf-8")
    shutil.copyfile(key, etc / "lab" / "authorized_keys")
    seed = directory / SEED
    run("tar", "--create", f"--file={seed}", "--owner=0", "--group=0", f"--directory={directory / 'upper'}", ".")
    run("truncate", "--size=%512", str(seed))  # a disk has whole sectors
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image.disk), str(directory / DISK))
