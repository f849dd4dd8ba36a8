"""A host's cable to its site's LAN, which is connected at each boot."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from lab import netns
from lab.host_network import has_network_service
from lab.layout import Layout
from lab.network import LAN_DEVICE
from lab.topology import Host, Site

_HOST_DEVICE = "eth0"
LAN_TAP, CONTROL_TAP = "tap0", "control"
"""Devices of an emulated machine, in its host's namespace: that of its LAN, and that of `lab exec`."""
CONTROL_ADDRESS = "169.254.0.2"
"""Of the machine, on a network that has only it and the host's namespace; see lab/emulated/root."""


@dataclass(frozen=True)
class Cable:
    """A host's link to its site's LAN, in plain values that JSON can hold: every boot reads it from a file.

    The host's own network service configures the interface where `by_host` is true, as it does on every machine.
    """

    netns: str
    router: str
    name: str  # name of the device at the router, at most 15 characters
    mac: str  # constant, so that neighbours do not notice a reboot
    address: str  # with prefix length; empty: the host has no IPv4
    gateway: str
    address6: str = ""
    gateway6: str = ""
    by_host: bool = False
    machine: bool = False  # an emulated machine: it has the interface with the MAC itself

    def connect(self) -> None:
        """Make the host's namespace, as at a boot: one interface and a default route. An old one is replaced.

        A machine's namespace has a bridge from the interface to the machine's network device instead.
        """
        self.disconnect()
        netns.make(self.netns)
        own = "" if self.machine else f"address {self.mac} "
        netns.ip(
            self.router,
            [
                f"link add {self.name} type veth peer name {_HOST_DEVICE} {own}netns {self.netns}",
                f"link set {self.name} master {LAN_DEVICE} up",
            ],
        )
        if self.machine or self.by_host:
            netns.ip(self.netns, _bridged() if self.machine else ["link set lo up"])
            return
        netns.ip(
            self.netns,
            [
                "link set lo up",
                *([f"address add {self.address} dev {_HOST_DEVICE}"] if self.address else []),
                *([f"address add {self.address6} dev {_HOST_DEVICE} nodad"] if self.address6 else []),
                f"link set {_HOST_DEVICE} up",
                *([f"route add default via {self.gateway}"] if self.address else []),
                *([f"route add ::/0 via {self.gateway6}"] if self.address6 else []),
            ],
        )

    def disconnect(self) -> None:
        """Remove the link and the namespace, if they exist."""
        if netns.path(self.router).exists() and netns.has_link(self.router, self.name):
            netns.ip(self.router, [f"link delete {self.name}"])
        netns.remove(self.netns)


def cable(host: Host, site: Site, layout: Layout) -> Cable:
    """Return the cable of a host."""
    name = layout.host_netns(host)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Cable(
        netns=name,
        router=layout.router_netns(site.name),
        name=f"h-{host.short}" if len(host.short) <= 13 else f"h-{host.short[:8]}-{digest[:4]}",
        mac=":".join(["02", *(digest[i : i + 2] for i in range(0, 10, 2))]),
        address=f"{host.address}/{site.lan.prefixlen}" if host.address and site.lan else "",
        gateway=str(site.gateway) if host.address else "",
        address6=f"{host.address6}/{site.lan6.prefixlen}" if host.address6 and site.lan6 else "",
        gateway6=str(site.gateway6) if host.address6 else "",
        by_host=has_network_service(host),
        machine=host.machine,
    )


def _bridged() -> Iterator[str]:
    """Yield the commands that connect a machine's devices."""
    yield "link set lo up"
    yield f"link add {LAN_DEVICE} type bridge"
    yield f"tuntap add dev {LAN_TAP} mode tap"
    for device in (LAN_TAP, _HOST_DEVICE):
        yield f"link set {device} master {LAN_DEVICE}"
    yield f"tuntap add dev {CONTROL_TAP} mode tap"
    for device in (LAN_DEVICE, _HOST_DEVICE, LAN_TAP, CONTROL_TAP):
        yield f"link set {device} addrgenmode none"  # no IPv6 of its own
        yield f"link set {device} up"
    yield f"address add 169.254.0.1/30 dev {CONTROL_TAP}"
