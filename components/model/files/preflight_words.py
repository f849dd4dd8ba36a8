"""Arguments of the preflight's script: the requirements of a host as words `key=value`. Not secret."""

from collections.abc import Iterable

from components.model.requirements import Requirements


def preflight_words(required: Requirements) -> tuple[str, ...]:
    """Return the words; a requirement that the host does not have is left out.

    Lists have commas. `components/hosts/scripts/node/preflight.sh` reads them and describes each.
    """
    words = {
        "roles": _list(required.roles),
        "wireguard": str(required.wireguard),
        "mesh": str(required.mesh),
        "pods": str(required.pods or ""),
        "services": str(required.services or ""),
        "tcp": _list(required.tcp),
        "served": _list(f"{port}@{address}" for port, address in required.served),
        "engine": required.engine,
        "cgroup": "2" if required.cgroup_v2 else "",
        "ipv6": "yes" if required.ipv6 else "",
        "resolver": "yes" if required.resolver else "",
        "memory": str(required.memory_mb or ""),
        "disk": str(required.disk_mb),
        "sshd": str(required.sshd),
        "ssh": _list(required.ssh),
    }
    return tuple(f"{key}={value}" for key, value in words.items() if value)


def _list(values: Iterable[object]) -> str:
    return ",".join(map(str, values))
