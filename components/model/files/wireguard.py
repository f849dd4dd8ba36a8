"""The public part of /etc/wireguard/wg0.conf, in the form of wg-quick(8).

The host adds private and preshared keys from its own secrets, so this text may be stored in the clear. It is uploaded
by reference: the state holds its hash only.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network

from components.model.files.text_lines import lines as text_of
from components.model.mesh.peers import Peer
from components.model.spec import Mesh, Node

RELAY = "# relay: forwards from wg0 to wg0"
"""Comment of a node that forwards packets between its peers. Scripts on hosts act on it."""
RESOLVE = "# resolve:"
"""Start of a comment for an endpoint with a name: name, port, families. resolve.sh looks it up."""
INSIDE = "# inside:"
"""Start of a comment with the ranges of pods and services: resolve.sh refuses such addresses as endpoints."""
BEYOND = "# beyond:"
"""Start of a comment for a node that is reached through the peer. verify.sh reads it."""
CLIENT = "# client:"
"""Start of the comment with a roaming client's name. verify.sh does not wait for it, and it is pruned at once."""


def peer_section(peer: Peer, public_key: str) -> str:
    """Return one [Peer] section, with the fields in the order of the users' notes."""
    addresses = [peer.address, *(beyond.address for beyond in peer.beyond)]
    lines = [
        "[Peer]",
        f"{CLIENT} {peer.name}" if peer.client else f"# {peer.name}",
        *(f"{BEYOND} {node.name} {node.address} through {' '.join(node.through)}" for node in peer.beyond),
        f"PublicKey = {public_key}",
        "AllowedIPs = " + ", ".join(map(str, (*map(IPv4Network, addresses), *peer.ranges))),
    ]
    if peer.endpoint and not peer.endpoint.family:
        # wg-quick would not bring wg0 up if the name could not be resolved.
        lines.insert(2, f"{RESOLVE} {peer.endpoint.host} {peer.endpoint.port} {' '.join(peer.families)}")
    elif peer.endpoint:
        lines.append(f"Endpoint = {peer.endpoint}")
    if peer.keepalive:
        lines.append(f"PersistentKeepalive = {peer.keepalive}")
    return text_of(lines)


def wg0_conf(
    mesh: Mesh,
    node: Node,
    peers: Iterable[Peer],
    public_keys: Mapping[str, str],
    *,
    relay: bool = False,
    inside: Iterable[IPv4Network] = (),
) -> str:
    """Return the configuration of a node without its secrets. `public_keys` are base64 keys by the names of peers.

    `relay`: other nodes' packets go through this node. `inside`: ranges of pods and services.
    """
    peers = tuple(peers)
    named = any(peer.endpoint and not peer.endpoint.family for peer in peers)
    interface = [
        "[Interface]",
        f"# {node.name}",
        *([RELAY] if relay else []),
        *([f"{INSIDE} {' '.join(map(str, inside))}"] if named and inside else []),
        f"Address = {node.address}/{mesh.cidr.prefixlen}",
        f"ListenPort = {mesh.listen_port}",
        f"MTU = {mesh.mtu}",
    ]
    sections = [peer_section(peer, public_keys[peer.name]) for peer in peers]
    return "\n".join([text_of(interface), *sections])
