"""What a host is made of, as JSON: `snapshot.py` runs on it, as root. Nothing of this tree is imported.

Left out is what changes by itself: logs, caches, temporary directories, counters.
"""

import hashlib
import json
import os
import re
import stat
import subprocess
from pathlib import Path

NOT_LOOKED_AT = {
    *("/proc", "/sys", "/dev", "/run", "/tmp", "/boot"),  # noqa: S108 - left out
    *("/var/log", "/var/cache", "/var/tmp", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/dnf"),  # noqa: S108
    *("/var/lib/systemd/random-seed", "/var/lib/systemd/timers", "/var/lib/systemd/catalog", "/var/lib/containerd"),
    *("/var/lib/kubelet/pods", "/var/lib/etcd/member"),
}
FIRST_CHOSEN = 32768
"""Of net.ipv4.ip_local_port_range."""
STEADY_SYSCTLS = re.compile(
    r"net\.(ipv4|ipv6)\.(conf\.(all|default|eth0)\.|ip_|fib_|icmp|tcp_keepalive)|net\.(core|bridge)\.|"
    r"kernel\.(panic|keys|pid_max|threads-max)|vm\.(overcommit|panic|swappiness|max_map)|fs\.inotify\.max"
)
"""Of the network, devices that were there beforehand only: a device of ours is told as such, with all that belongs to it."""


def printed(*words: str) -> list[str]:
    """Return the lines that a command printed; none where it is not there."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    except FileNotFoundError:
        return []
    return done.stdout.splitlines()


def files() -> dict[str, str]:
    """Return mode, owners and content of each file, and where each link leads."""
    found = {}
    for directory, names, others in os.walk("/"):
        names[:] = [name for name in names if name != "__pycache__" and str(Path(directory, name)) not in NOT_LOOKED_AT]
        for name in (*names, *others):
            path = Path(directory, name)
            if str(path) in NOT_LOOKED_AT:
                continue
            about = path.lstat()
            content = ""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)  # noqa: PTH115 - as it is written
            elif stat.S_ISREG(about.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path)] = f"{stat.filemode(about.st_mode)} {about.st_uid} {about.st_gid} {content}"
    return found


def packages() -> dict[str, str]:
    """Return the packages that are installed."""
    if names := printed("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"):
        return {name.split()[1]: "" for name in names if name.startswith("ii")}
    return dict.fromkeys(printed("rpm", "-qa", "--qf", "%{NAME}\n"), "")


def owned() -> dict[str, str]:
    """Return the files that belong to packages."""
    directory = Path("/var/lib/dpkg/info")
    lists = [file.read_text(encoding="utf-8").split("\n") for file in directory.glob("*.list")]
    names = {name for names in lists or [printed("rpm", "-qal")] for name in names}
    # A package may name a directory that is a link now: /lib leads to /usr/lib.
    return {os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name)): "" for name in names if name}  # noqa: PTH118, PTH119, PTH120


def units() -> dict[str, str]:
    """Return what is enabled or runs."""
    enabled = [line.split()[:2] for line in printed("systemctl", "list-unit-files", "--no-legend", "--state=enabled")]
    running = printed(
        *("systemctl", "list-units", "--no-legend", "--plain", "--state=active"),
        "--type=service,socket,timer,path",
    )
    active = {line.split()[0] for line in running}
    names = {name for name, _ in enabled} | active
    return {
        name: f"{'enabled' if [name, 'enabled'] in enabled else ''} {'active' if name in active else ''}"
        for name in names
        if not name.startswith(("user@", "user-runtime-dir@", "session-", "systemd-", "run-"))
    }


def ports() -> dict[str, str]:
    """Return what listens, as PROTOCOL/PORT, with the process's name; not TCP ports that the kernel chose, as for containerd."""
    found = {}
    for line in printed("ss", "-Hlntup"):
        words = line.split()
        port = words[4].rsplit(":", 1)[1]
        name = re.search(r'\("([^"]+)"', line)
        if words[0] != "tcp" or int(port) < FIRST_CHOSEN:
            found[f"{words[0]}/{port}"] = name[1] if name else "kernel"
    return found


def tables() -> dict[str, str]:
    """Return nftables' tables, each with its rules; counters and what a rule learns are left out."""
    listed = "\n".join(printed("nft", "-s", "list", "ruleset"))
    parts = re.split(r"^table ", listed, flags=re.MULTILINE)[1:]
    return {part.split(" {", 1)[0]: "" for part in parts}


def interfaces() -> dict[str, str]:
    """Return the network devices with their addresses."""
    devices = json.loads("".join(printed("ip", "-j", "address")) or "[]")
    return {device["ifname"]: " ".join(sorted(info["local"] for info in device["addr_info"])) for device in devices}


def routes() -> dict[str, str]:
    """Return routes and rules."""
    lines = [
        *printed("ip", "-4", "route", "show", "table", "all"),
        *printed("ip", "-4", "rule"),
        *printed("ip", "-6", "rule"),
    ]
    return {re.sub(r" (expires|metric) \S+", "", line).strip(): "" for line in lines}


def accounts() -> dict[str, str]:
    """Return users and groups."""
    return {
        f"{kind} {line.split(':')[0]}": ""
        for kind, file in (("user", "/etc/passwd"), ("group", "/etc/group"))
        for line in Path(file).read_text(encoding="utf-8").splitlines()
    }


def sysctls() -> dict[str, str]:
    """Return kernel settings that stay as they are unless somebody sets them."""
    pairs = [line.partition(" = ")[::2] for line in printed("sysctl", "-a")]
    return {name: value for name, value in pairs if STEADY_SYSCTLS.match(name)}


if __name__ == "__main__":
    whole = (files, owned, packages, units, ports, tables, interfaces, routes, accounts, sysctls)
    print(json.dumps({part.__name__: part() for part in whole}))
