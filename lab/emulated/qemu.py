"""The command that boots an emulated machine."""

import sys
from pathlib import Path

from lab.cable import CONTROL_TAP, LAN_TAP, Cable
from lab.emulated import mirror_disk
from lab.emulated.image import Image
from lab.emulated.seed import DISK, SEED

_RUN = Path(__file__).parent / "run.py"
_MEMORY = 1024
"""Megabytes of the machine; the process takes what is in use, and up to _CODE megabytes of translated code."""
_CODE = 128
_KERNEL = (
    *("console=ttyS0", "quiet", "net.ifnames=0"),
    *("mitigations=off", "nokaslr"),  # a second or two of the boot
    "modprobe.blacklist=kvm,kvm_amd,kvm_intel",
)
_SELINUX = ("security=selinux", "selinux=1", "audit=1")


def command(name: str, directory: Path, image: Image, cable: Cable, mirror: Path | None, *, selinux: bool) -> list[str]:
    """Return the command, which ends with the machine. Its exit code is that of `lab.emulated.run`.

    The machine is q35 with the processor qemu64: microvm hangs without KVM, and `max` is slower.
    """
    serial = f"file,id=serial,append=on,path={directory / 'console.log'}"
    disk = f"if=none,id=disk,file={directory / DISK},cache=unsafe"
    seed = f"if=none,id=seed,file={directory / SEED},format=raw,readonly=on"
    third = f"if=none,id=mirror,file={mirror_disk.path(mirror)},format=raw,readonly=on" if mirror else ""
    return [
        *("ip", "netns", "exec", cable.netns, sys.executable, str(_RUN)),
        *("qemu-system-x86_64", "-name", name, "-machine", "q35", "-accel", f"tcg,thread=multi,tb-size={_CODE}"),
        *("-smp", "1", "-m", str(_MEMORY), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-chardev", serial, "-serial", "chardev:serial"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
        *("-append", " ".join([*_KERNEL, *(_SELINUX if selinux else ())])),
        *("-drive", disk, "-device", "virtio-blk-pci,drive=disk"),
        *("-drive", seed, "-device", "virtio-blk-pci,drive=seed"),
        *(("-drive", third, "-device", "virtio-blk-pci,drive=mirror") if mirror else ()),
        *("-netdev", f"tap,id=lan,ifname={LAN_TAP},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,netdev=lan,mac={cable.mac}"),
        *("-netdev", f"tap,id=control,ifname={CONTROL_TAP},script=no,downscript=no"),
        *("-device", "virtio-net-pci,netdev=control"),
        *("-device", "virtio-rng-pci"),
    ]
