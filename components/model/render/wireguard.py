"""The public part of /etc/wireguard/wg0.conf, in the form of wg-quick(8).

Private and preshared keys are not in it: the host puts them in from its own secrets, so this text may be stored in
the clear. It is uploaded by reference and the state holds its hash only.
"""

from collections.abc import Iterable, Mapping

from components.model.peers import Peer
from components.model.spec import Mesh, Node


def peer_section(peer: Peer, public_key: str) -> str:
    """Return one [Peer] section; the fields and their order are those of the users' notes."""
    lines = [
        "[Peer]",
        f"# {peer.name}",
        f"PublicKey = {public_key}",
        f"AllowedIPs = {peer.address}/32",
    ]
    if peer.endpoint:
        lines.append(f"Endpoint = {peer.endpoint}")
    if peer.keepalive:
        lines.append(f"PersistentKeepalive = {peer.keepalive}")
    return "\n".join(lines) + "\n"


def wg0_conf(mesh: Mesh, node: Node, peers: Iterable[Peer], public_keys: Mapping[str, str]) -> str:
    """Return the configuration of one node without its secrets. `public_keys` maps node names to base64 keys."""
    interface = (
        "[Interface]\n"
        f"# {node.name}\n"
        f"Address = {node.address}/{mesh.cidr.prefixlen}\n"
        f"ListenPort = {mesh.listen_port}\n"
        f"MTU = {mesh.mtu}\n"
    )
    return "\n".join([interface, *(peer_section(peer, public_keys[peer.name]) for peer in peers)])
