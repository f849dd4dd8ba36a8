"""Configuration of hosts' interfaces where a network service of the host is in charge, as on machines and on EL9."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lab.cable import Cable
    from lab.topology import Host


def has_network_service(host: Host) -> bool:
    """Tell whether a host has such a service."""
    return host.machine or host.system.like in _WRITERS


def write(host: Host, line: Cable, root: Path) -> None:
    """Write the service's file below the root of a host's own files."""
    if has_network_service(host):
        name, mode, text = _WRITERS.get(host.system.like, _networkd)(line)
        file = root / name
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="ascii")
        file.chmod(mode)


def _network_manager(line: Cable) -> tuple[str, int, str]:
    def section(address: str, gateway: str) -> str:
        return f"method=manual\naddress1={address},{gateway}" if address else "method=auto"

    text = (
        "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n"
        f"[ipv4]\n{section(line.address, line.gateway)}\n"
        f"[ipv6]\n{section(line.address6, line.gateway6)}\n"
    )
    return "etc/NetworkManager/system-connections/eth0.nmconnection", 0o600, text


def _networkd(line: Cable) -> tuple[str, int, str]:
    pairs = ((line.address, line.gateway), (line.address6, line.gateway6))
    lines = ["[Match]", "Name=eth0", "[Network]", "IPv6AcceptRA=no"]
    lines += [f"Address={address}\nGateway={gateway}" for address, gateway in pairs if address]
    return "etc/systemd/network/10-eth0.network", 0o644, "\n".join([*lines, ""])


_WRITERS = {"el9": _network_manager, "ubuntu": _networkd}
