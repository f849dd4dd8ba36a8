"""Configuration of a roaming client: a whole file in the form of wg-quick(8), for a laptop or a phone. Secret."""

from components.model.files.text_lines import lines as text_of
from components.model.spec import Client, Node, Spec, defaults


def client_conf(spec: Spec, client: Client, gateway: Node, *, private: str, public: str, preshared: str | None) -> str:
    """Return the text of the file. `private` is the client's key, `public` the gateway's, `preshared` that of the pair.

    The one peer takes all of mesh.cidr, so the file does not change when nodes come and go.
    """
    lines = [
        "[Interface]",
        f"# {client.name}",
        f"PrivateKey = {private}",
        f"Address = {client.address}/32",
        *([f"DNS = {', '.join(client.dns)}"] if client.dns else []),
        f"MTU = {min(defaults.CLIENT_MTU, spec.mesh.mtu)}",
        "",
        "[Peer]",
        f"# {gateway.name}",
        f"PublicKey = {public}",
        *([f"PresharedKey = {preshared}"] if preshared else []),
        f"AllowedIPs = {spec.mesh.cidr}",
        f"Endpoint = {gateway.endpoint}",
        f"PersistentKeepalive = {defaults.KEEPALIVE}",
    ]
    return text_of(lines)
