"""What every firewall on a host must let through for the mesh and the cluster, with or without a section `firewall`.

Pods are recognised by the device that their packets come from. A range of addresses would not do: whoever sends packets
with such a source address from outside would be let in, too.
"""

from dataclasses import dataclass

from components.model.spec import Spec

POD_DEVICES = ("cali*", "vxlan.*", "flannel.*", "cni0")
"""Network devices of pods, of Calico and Flannel; the asterisk stands for any characters. firewall.nft has the same."""


@dataclass(frozen=True)
class Needs:
    """What must be open on a host."""

    udp: int
    """Port of WireGuard."""
    devices: tuple[str, ...]
    """Devices from which the host accepts everything: members of the mesh are behind them."""
    pods: tuple[str, ...]
    """Devices of pods, from which the host accepts and forwards everything; empty: there is no cluster."""


def needs(spec: Spec, *, kubernetes: bool) -> Needs:
    """Return what must be open on each host of the mesh. `kubernetes`: the hosts become nodes of Kubernetes."""
    return Needs(spec.mesh.listen_port, ("wg0",), POD_DEVICES if kubernetes else ())
