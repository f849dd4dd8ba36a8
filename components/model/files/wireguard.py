"""The public part of /etc/wireguard/wg0.conf, in the form of wg-quick(8).

Private and preshared keys are not in it: the host puts them in from its own secrets, so this text may be stored in
the clear. It is uploaded by reference and the state holds its hash only.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from components.model.mesh.peers import Peer
from components.model.spec import Mesh, Node

RELAY = "# relay: forwards from wg0 to wg0"
"""The line of a node whose peers reach each other through it; the scripts of hosts act on it."""
RESOLVE = "# resolve:"
"""Begins the line of an endpoint that is a name: name, port, families. resolve.sh sets what it stands for."""
BEYOND = "# beyond:"
"""Begins the line of a node that is reached through a peer; verify.sh reads it."""
CLIENT = "# client:"
"""Begins the name of a peer that comes and goes; verify.sh does not wait for it, and when removed it goes at once."""


def peer_section(peer: Peer, public_key: str) -> str:
    """Return one [Peer] section; the fields and their order are those of the users' notes."""
    far = [beyond.address for beyond in peer.beyond]
    lines = [
        "[Peer]",
        f"{CLIENT} {peer.name}" if peer.client else f"# {peer.name}",
        *(f"{BEYOND} {far.name} {far.address} through {' '.join(far.through)}" for far in peer.beyond),
        f"PublicKey = {public_key}",
        "AllowedIPs = " + ", ".join(map(str, (*(IPv4Network(one) for one in (peer.address, *far)), *peer.ranges))),
    ]
    if peer.endpoint and not peer.endpoint.family:
        # In wg-quick's hands a name that cannot be resolved would keep wg0 down.
        lines.insert(2, f"{RESOLVE} {peer.endpoint.host} {peer.endpoint.port} {' '.join(peer.families)}")
    elif peer.endpoint:
        lines.append(f"Endpoint = {peer.endpoint}")
    if peer.keepalive:
        lines.append(f"PersistentKeepalive = {peer.keepalive}")
    return "\n".join(lines) + "\n"


def wg0_conf(
    mesh: Mesh, node: Node, peers: Iterable[Peer], public_keys: Mapping[str, str], *, relay: bool = False
) -> str:
    """Return the configuration of one node without its secrets. `public_keys` maps node names to base64 keys.

    `relay` says whether other nodes' packets go through this one.
    """
    interface = [
        "[Interface]",
        f"# {node.name}",
        *([RELAY] if relay else []),
        f"Address = {node.address}/{mesh.cidr.prefixlen}",
        f"ListenPort = {mesh.listen_port}",
        f"MTU = {mesh.mtu}",
    ]
    sections = [peer_section(peer, public_keys[peer.name]) for peer in peers]
    return "\n".join(["\n".join([*interface, ""]), *sections])
