"""Emulated machines without booting one: what their disks and their qemu are given, and how a reboot is told."""

import shlex
import tarfile
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import pairwise
from pathlib import Path

import pytest

from lab import enter
from lab.cable import Cable, cable
from lab.emulated import image, mirror_disk, qemu, run, seed
from lab.emulated.image import Image
from lab.layout import Layout
from lab.mirror import SUMS
from lab.supervisor import Run
from lab.topology import Host, Site
from tools import debian

QEMU = """\
import json, sys
print(json.dumps({{"QMP": {{}}}}))
assert json.loads(sys.stdin.readline()) == {{"execute": "qmp_capabilities"}}
for reason in {reasons}:
    print(json.dumps({{"event": "SHUTDOWN", "data": {{"guest": True, "reason": reason}}}}))
sys.exit({code})
"""


def told(tmp_path: Path, *reasons: str, code: int = 0) -> int:
    program = tmp_path / "qemu.py"
    program.write_text(QEMU.format(reasons=list(reasons), code=code), encoding="utf-8")
    return run.main(["python3", str(program)])


def test_a_reboot_and_the_end_of_a_machine_are_told_apart(tmp_path: Path) -> None:
    assert told(tmp_path, "guest-reset") == run.REBOOT
    assert told(tmp_path, "guest-shutdown") == 0
    assert told(tmp_path) == 0
    assert told(tmp_path, "guest-reset", code=1) == 1, "qemu itself failed"


HOST = Host("a1.lab.test", IPv4Address("192.0.2.11"), "left", IPv6Address("2001:db8:1::11"), machine=True)


def line(host: Host = HOST) -> Cable:
    six = IPv6Network("2001:db8:1::/64"), IPv6Address("2001:db8:1::1")
    site = Site("left", IPv4Network("192.0.2.0/24"), IPv4Address("192.0.2.1"), (host,), None, *six)
    return cable(host, site, Layout("small"))


def test_a_machine_has_its_own_interface_with_the_same_mac_at_every_boot() -> None:
    one = line()
    assert one == line()
    assert (one.machine, one.by_host) == (True, True)
    words = qemu.command("a1.lab.test", Path("/lab/a1"), Image(Path("/image")), one, None, selinux=False)
    assert f"virtio-net-pci,netdev=lan,mac={one.mac}" in words
    assert words[:4] == ["ip", "netns", "exec", "sl-small-a1"]


@pytest.mark.parametrize("selinux", [True, False])
def test_selinux_is_a_matter_of_the_kernel_s_command_line_and_of_packages(selinux: bool) -> None:
    words = qemu.command("a1.lab.test", Path("/lab/a1"), Image(Path("/image")), line(), None, selinux=selinux)
    assert ("selinux=1" in words[words.index("-append") + 1].split()) == selinux
    assert ("selinux-policy-default" in image.packages(replace(HOST, selinux=selinux))) == selinux


def test_a_machine_s_own_files_are_on_a_disk_of_whole_sectors_and_its_image_is_not_written_to(tmp_path: Path) -> None:
    debian.ensure(["qemu-utils"])
    made = Image(tmp_path / "image")
    made.directory.mkdir()
    made.disk.write_bytes(bytes(1 << 20))
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAA operator\n", encoding="utf-8")
    (tmp_path / "host/upper/etc").mkdir(parents=True)
    (tmp_path / "host/upper/etc/hostname").write_text("a1.lab.test\n", encoding="utf-8")
    seed.make(tmp_path / "host", made, key, mirror=True)
    tar = tmp_path / "host" / seed.SEED
    assert tar.stat().st_size % 512 == 0
    with tarfile.open(tar) as opened:
        files = {item.name: item for item in opened.getmembers()}

        def text(name: str) -> str:
            content = opened.extractfile(files[f"./etc/{name}"])
            assert content
            return content.read().decode()

        assert text("hostname") == "a1.lab.test\n"
        assert text("fstab").splitlines()[1].split()[:2] == ["/dev/vdc", "/opt/mirror"]
        assert text("lab/authorized_keys") == "ssh-ed25519 AAAA operator\n"
    assert {item.uid for item in files.values()} == {0}
    disk = tmp_path / "host" / seed.DISK
    assert disk.stat().st_size < made.disk.stat().st_size
    assert str(made.disk).encode() in disk.read_bytes()


def test_the_mirror_is_a_third_disk_which_is_made_again_when_it_has_more(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    image = mirror_disk.path(mirror)

    def offered(name: str) -> bytes:
        (mirror / name).write_text(f"{name} is here\n", encoding="utf-8")
        (mirror / SUMS).write_text(f"0  {name}\n", encoding="utf-8")
        mirror_disk.ensure(mirror)
        return image.read_bytes()

    assert b"1.35.3 is here" in offered("1.35.3")
    began = image.stat()
    mirror_disk.ensure(mirror)
    assert image.stat() == began
    assert b"1.35.4 is here" in offered("1.35.4")
    words = qemu.command("a1.lab.test", tmp_path, Image(tmp_path), line(), mirror, selinux=False)
    drives = [word for option, word in pairwise(words) if option == "-drive"]
    assert str(image) in drives[2]


def test_a_command_reaches_a_machine_word_for_word_and_none_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    layout = Layout("small")
    words = ["sh", "-c", "echo \"$HOME\" 'a  b'; exit 3", "", "it's"]
    assert enter.host_command(HOST, layout, words) is None
    layout.host("a1").mkdir(parents=True)
    Run(boots=1, pid=1).write(layout.host("a1"))
    command = enter.host_command(HOST, layout, words)
    assert command
    assert command[:5] == ["ip", "netns", "exec", "sl-small-a1", "ssh"]
    assert "HostKeyAlias=a1.lab.test" in command
    there = shlex.split(command[-1])
    assert there[: there.index("env")] == ["nsenter", "--target=1", "--mount", "--net"]
    assert there[-len(words) :] == words
