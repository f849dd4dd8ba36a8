"""Host keys from an OpenSSH known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

import base64
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable

PREFERRED = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")


def is_host_key(text: str) -> bool:
    """Whether a text has the form `type base64` of a public host key."""
    parts = text.split()
    if len(parts) != 2 or parts[0] not in PREFERRED:
        return False
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except ValueError:
        return False
    name = parts[0].encode()
    return blob.startswith(len(name).to_bytes(4, "big") + name)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):  # hashed: |1|salt|HMAC-SHA1(salt, name)
        try:
            _, _, salt, digest = pattern.split("|")
            mac = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
            return hmac.compare_digest(mac, base64.b64decode(digest))
        except ValueError:
            return False
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def find_host_key(known_hosts: Iterable[str], names: Iterable[tuple[str, int]]) -> str | None:
    """Return `type base64` for the first of the names (host, port) that the lines know, the strongest key type first.

    Lines with a marker (@revoked, @cert-authority), negated patterns and comments are passed over.
    """
    lines = [line.split() for line in known_hosts if line.strip() and line.strip()[0] not in "#@"]
    for host, port in names:
        name = host if port == 22 else f"[{host}]:{port}"
        found = {
            parts[1]: f"{parts[1]} {parts[2]}"
            for parts in lines
            if len(parts) >= 3 and any(_matches(pattern, name) for pattern in parts[0].split(","))
        }
        for kind in PREFERRED:
            if kind in found and is_host_key(found[kind]):
                return found[kind]
    return None
