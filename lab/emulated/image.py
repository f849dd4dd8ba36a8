"""What emulated machines boot from, kept in the cache: a kernel, an initramfs, and an image of the root file system."""

from dataclasses import dataclass
from pathlib import Path

from lab.emulated import kernel
from lab.topology import Host
from tools import cache, debian
from tools.progress import run, step

PACKAGES = ("qemu-system-x86", "qemu-utils")
"""What runs the machines."""
_SELINUX = ("selinux-policy-default", "policycoreutils", "selinux-utils", "auditd")  # ausearch is in auditd
_MAKERS = ("busybox-static", "cpio", "e2fsprogs")
_SCRIPTS, _FILES = (Path(__file__).parent / name for name in ("scripts", "root"))


@dataclass(frozen=True)
class Image:
    """The files of an image, which all machines of one system share; they are never written to."""

    directory: Path

    @property
    def kernel(self) -> Path:
        """The kernel, as qemu takes it."""
        return self.directory / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initramfs."""
        return self.directory / "initrd.gz"

    @property
    def disk(self) -> Path:
        """The root file system, an ext4 image without partitions; a sparse file."""
        return self.directory / "root.ext4"


def packages(host: Host) -> tuple[str, ...]:
    """Return the packages that the root file system of a machine needs and that of a container does not."""
    return ("udev", *_SELINUX) if host.selinux else ("udev",)


def ensure(root: Path, *, selinux: bool) -> Image:
    """Return the image of a root file system that containers have, made if the cache does not have it.

    With `selinux`, files are labelled, and Debian's policy is enforced. Raises ToolError on failure.
    """
    debian.ensure(PACKAGES)
    linux = kernel.ensure()
    system = root.parent.name if root.name == "root" else root.name
    inputs = cache.digest(str(root), kernel.version(linux), str(selinux), *map(cache.digest_tree, (_SCRIPTS, _FILES)))
    name = f"{system}-selinux" if selinux else system

    def make(target: Path) -> None:
        with step(f"image of the emulated machines: {name}", expect="half a minute"):
            _make(root, linux, Image(target), selinux=selinux)

    return Image(cache.entry(f"machine/{name}-{inputs}", make))


def _make(root: Path, linux: Path, image: Image, *, selinux: bool) -> None:
    debian.ensure(_MAKERS)
    (boot,) = (linux / "boot").glob("vmlinuz-*")
    image.kernel.write_bytes(boot.read_bytes())
    work = image.directory / "work"
    initrd = work / "initrd"
    initrd.mkdir(parents=True)
    run([str(_SCRIPTS / "make-initrd"), str(linux), str(_SCRIPTS / "init"), str(image.initrd), str(initrd)])
    tree = work / "tree"
    tree.mkdir()
    command = [str(_SCRIPTS / "make-image"), str(root), str(linux), str(_FILES), str(image.disk)]
    run(["unshare", "--mount", *command, str(tree), "enforcing" if selinux else "no"])
    run(["rm", "-r", str(work)])
