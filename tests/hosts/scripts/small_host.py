"""A host with a small disk, in mount and network namespaces of its own: the kernel's addresses, routes and nftables are real.

WireGuard is not: `wg0` is one end of a veth pair, and `wg` answers by what the last `wg syncconf` was given. systemd is a
stub that says yes to everything and notes its words.

`wg syncconf` refuses a file with a line of `refused` in it, and lets the sed script `altered` change what it applies.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.hosts.scripts.stubs import stub
from tests.support.examples import TREE

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a host's own disk and network need root and namespaces")
SCRIPTS = TREE / "components/hosts/scripts"
PAGE = 4096
_WG = """case "$*" in
pubkey) sed s/^/public-of-/ ;;
"syncconf wg0 "*) ! grep -qFf {place}/refused "$3" && sed -f {place}/altered "$3" >{place}/live ;;
"show wg0 public-key") awk '$1 == "PrivateKey" {{ print "public-of-" $3 }}' {place}/live ;;
"show wg0 listen-port") awk '$1 == "ListenPort" {{ print $3 }}' {place}/live ;;
"show wg0 peers") awk '$1 == "PublicKey" {{ print $3 }}' {place}/live ;;
"show wg0 allowed-ips") awk '$1 == "PublicKey" {{ k = $3 }} $1 == "AllowedIPs" {{ gsub(/,/, ""); $1 = k; $2 = ""; print }}' {place}/live ;;
esac"""
_WG_QUICK = """awk -F' *= *' '{ sub(/#.*/, "") } $1 != "Address" && $1 != "MTU"' /etc/wireguard/wg0.conf"""
_BEGIN = """set -e
mount --make-rprivate /
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none {place}/over
mkdir {place}/over/upper {place}/over/work
mount -t overlay none -o lowerdir=/etc,upperdir={place}/over/upper,workdir={place}/over/work /etc
mkdir -p /etc/wireguard
mount -t tmpfs -o size=2m none {disk}
mkdir {disk}/wireguard {disk}/units {disk}/etc {disk}/home {disk}/tmp {disk}/run
mount --bind {disk}/wireguard /etc/wireguard
cp -a {place}/uploads {disk}/uploads
ip link set lo up
ip link add wg0 type veth peer name p
ip link set p up
cd /
export PATH={place}/bin:$PATH TMPDIR={disk}/tmp STRETCHED_ETC={disk}/etc STRETCHED_UNITS={disk}/units
export STRETCHED_UPLOADS={disk}/uploads STRETCHED_RUN={disk}/run STRETCHED_PACKAGES_PATIENCE=1
fill() {{ dd if=/dev/zero of={disk}/fill bs=4096 2>/dev/null || :; truncate -s "-$(($1 * 4096))" {disk}/fill; }}
unfill() {{ rm -f {disk}/fill; }}
keep() {{ rm -rf {place}/kept.$1; mkdir {place}/kept.$1; cp -a {disk}/wireguard {disk}/units {disk}/etc {disk}/home {place}/kept.$1; }}
"""


@dataclass
class SmallHost:
    """What is below `place`; nothing outside of it is changed."""

    place: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("bin", "over", "disk", "uploads"):
            (self.place / name).mkdir(parents=True)
        bin_ = self.place / "bin"
        stub(bin_, "wg", _WG.format(place=self.place))
        stub(bin_, "wg-quick", _WG_QUICK)
        stub(bin_, "systemctl", f'echo "systemctl $*" >>{self.place}/ran')
        stub(bin_, "systemd-run", "exit 0")
        stub(bin_, "journalctl", "exit 0")
        stub(bin_, "getent", f'case "$1" in passwd) echo root:x:0:0:root:{self.disk}/home:/bin/sh ;; *) exit 2 ;; esac')
        for name in ("live", "refused", "altered"):
            (self.place / name).touch()

    @property
    def disk(self) -> Path:
        return self.place / "disk"

    def bundle(self, kind: str, name: str, files: Mapping[str, str], scripts: str = "", mark: str = "") -> Path:
        """Place a bundle among the uploads, with the scripts of a directory of ours.

        `mark` is added to each of these as a comment, as if it was another version of the program. Return its path on the host.
        """
        directory = self.place / "uploads" / kind / name
        directory.mkdir(parents=True)
        for file in (SCRIPTS / scripts).iterdir() if scripts else ():
            if file.is_file():
                text = file.read_text(encoding="utf-8")
                (directory / file.name).write_text(f"{text}{mark and f'# {mark}'}\n", encoding="utf-8")
        always = {"open.conf": "udp 51820\ndevice wg0\n"} if kind == "node" else {}
        for file_name, text in {**always, **files}.items():
            (directory / file_name).write_text(text, encoding="utf-8")
        return self.disk / "uploads" / kind / name

    def run(self, script: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script on the host, after it was made anew; functions: fill PAGES_LEFT, unfill, keep NAME."""
        begin = _BEGIN.format(place=shlex.quote(str(self.place)), disk=shlex.quote(str(self.disk)))
        return subprocess.run(
            ["unshare", "-m", "-n", "-p", "--fork", "--kill-child", "--mount-proc", "sh", "-c", f"{begin}set +e\n{script}"],
            input=stdin, text=True, capture_output=True, check=False, timeout=60,
            env={"PATH": os.environ["PATH"], **self.environment},
        )  # fmt: skip

    def kept(self, name: str) -> dict[str, str]:
        """Return the files that `keep NAME` saw, by path."""
        top = self.place / f"kept.{name}"
        return {
            str(path.relative_to(top)): path.read_text(encoding="utf-8").replace(str(self.place), "PLACE")
            for path in sorted(top.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
