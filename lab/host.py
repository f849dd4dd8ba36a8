"""A host of the lab: its files on disk, and the command that boots it."""

import json
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import host_network
from lab.cable import Cable, cable
from lab.cgroups import Cgroups
from lab.command import run
from lab.emulated import qemu, seed
from lab.emulated.image import Image
from lab.errors import LabError
from lab.layout import Layout
from lab.topology import Host, Topology

HOST_LEAVES = "host-"
SUPERVISOR_LEAVES = "supervisor-"
_SCRIPTS = Path(__file__).parent / "scripts"
# These are bind mounts of ordinary directories: an overlay cannot lie on an overlay, and they must be fast.
_VOLUMES = ("containerd", "kubelet", "etcd")


@dataclass(frozen=True)
class Boot:
    """Everything that a supervisor needs to boot a host. The file exists once the host is prepared.

    `image` is the root file system below the host's overlay, or a machine's image, that of `system`: the host's disk
    fits to this one only.
    """

    cable: Cable
    system: str
    image: str
    cgroups: tuple[str, ...]
    leaf: str
    command: tuple[str, ...]

    def write(self, file: Path) -> None:
        """Write the file atomically, so that an existing file is complete."""
        temporary = file.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        temporary.rename(file)

    @classmethod
    def read(cls, file: Path) -> "Boot":
        """Read a file of `write`. Raises LabError when it has another form."""
        raw = json.loads(file.read_text(encoding="utf-8"))
        try:
            words = (raw["system"], raw["image"], tuple(raw["cgroups"]), raw["leaf"], tuple(raw["command"]))
            return cls(Cable(**raw["cable"]), *words)
        except (KeyError, TypeError) as error:
            message = f"{file} was written by another version of the lab: run `python -m lab down` first"
            raise LabError(message) from error


def leaf(host: Host) -> str:
    """Return the name of the cgroup leaf of the host's processes."""
    return HOST_LEAVES + host.short


def supervisor_leaf(host: Host) -> str:
    """Return the name of the cgroup leaf of the host's supervisor."""
    return SUPERVISOR_LEAVES + host.short


def boot_file(directory: Path) -> Path:
    """Return the path of the host's Boot; if the file is missing, the host is not prepared."""
    return directory / "boot.json"


def boot(host: Host, topology: Topology, layout: Layout, cgroups: Cgroups, image: Path, mirror: Path | None) -> Boot:
    """Return the Boot of a host."""
    line = cable(host, topology.site(host.site), layout)
    directory = layout.host(host.short)
    command = (
        qemu.command(host.name, directory, Image(image), line, mirror, selinux=host.selinux)
        if host.machine
        else _nspawn(host, directory, line, image, mirror)
    )
    return Boot(line, host.kind, str(image), tuple(map(str, cgroups.tops)), leaf(host), tuple(command))


def _nspawn(host: Host, directory: Path, line: Cable, image: Path, mirror: Path | None) -> list[str]:
    """Return the command that boots a container."""
    overlay = f"lowerdir={image},upperdir={directory / 'upper'},workdir={directory / 'work'}"
    root = directory / "root"
    nspawn = [
        "systemd-nspawn",
        *("--quiet", "--boot", "--register=no", "--keep-unit", "--link-journal=no", "--console=pipe"),
        *("--resolv-conf=off", "--timezone=off"),
        f"--directory={root}",
        f"--machine={line.netns}",
        f"--hostname={host.name}",
        f"--network-namespace-path=/run/netns/{line.netns}",
        *("--capability=all", "--drop-capability=CAP_SYS_RESOURCE"),
        "--system-call-filter=add_key keyctl request_key bpf",
        "--bind=/dev/net/tun",
        *(f"--bind={directory / 'volumes' / name}:/var/lib/{name}" for name in _VOLUMES),
        *([f"--bind-ro={mirror}:/opt/mirror"] if mirror else []),
    ]
    return [
        *("unshare", "--mount", "--propagation", "slave"),
        *(str(_SCRIPTS / "on-overlay"), overlay, str(root)),
        *nspawn,
    ]


def prepare(host: Host, layout: Layout, plan: Boot, *, mirror: bool) -> None:
    """Make the host's own files: name, machine id, host keys, the operator's access. Old files are removed."""
    directory = layout.host(host.short)
    shutil.rmtree(directory, ignore_errors=True)
    upper = directory / "upper"
    for path in (directory / "root", directory / "work", upper / "etc" / "ssh", upper / "root" / ".ssh"):
        path.mkdir(parents=True)
    for name in _VOLUMES:
        (directory / "volumes" / name).mkdir(parents=True)
    for path, mode in ((directory, 0o700), (upper, 0o755), (upper / "root", 0o700), (upper / "root" / ".ssh", 0o700)):
        path.chmod(mode)
    etc = upper / "etc"
    (etc / "hostname").write_text(f"{host.name}\n", encoding="utf-8")
    (etc / "hosts").write_text(
        "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
        + "".join(f"{address} {host.name} {host.short}\n" for address in host.addresses),
        encoding="utf-8",
    )
    (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n", encoding="utf-8")
    host_network.write(host, plan.cable, upper)
    for kind in (
        "ecdsa",
        "ed25519",
    ):  # several kinds, as on real hosts; RSA would take longer than the rest of the boot
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", host.name, "-f", str(etc / "ssh" / f"ssh_host_{kind}_key"))
    shutil.copyfile(layout.private_key.with_suffix(".pub"), upper / "root" / ".ssh" / "authorized_keys")
    (upper / "root" / ".ssh" / "authorized_keys").chmod(0o600)
    if host.machine:
        key = layout.private_key.with_suffix(".pub")
        seed.make(directory, Image(Path(plan.image)), key, mirror=mirror)
    plan.write(boot_file(directory))


def host_key(host: Host, layout: Layout) -> str:
    """Return the public Ed25519 host key, `ssh-ed25519 BASE64`, of a prepared host."""
    file = layout.host(host.short) / "upper" / "etc" / "ssh" / "ssh_host_ed25519_key.pub"
    return " ".join(file.read_text(encoding="utf-8").split()[:2])
