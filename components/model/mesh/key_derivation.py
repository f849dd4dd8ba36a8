"""Derivation of keys from seeds: HKDF-SHA256 (RFC 5869) with a label per use, then X25519 or Ed25519.

What `*_private_key` and `preshared_key` return is secret.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SEED_LENGTH = 64
"""Characters of a seed, letters and digits: 64 of them carry 381 bits of entropy, and 256 are needed."""


def _derive(seed: str, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label.encode()).derive(seed.encode())


def wireguard_private_key(seed: str) -> str:
    """Return a WireGuard private key, base64, clamped as `wg genkey` does (RFC 7748, section 5). Secret."""
    raw = bytearray(_derive(seed, "stretched/v1/wireguard"))
    raw[0] &= 248
    raw[31] = (raw[31] & 127) | 64
    return base64.b64encode(bytes(raw)).decode()


def wireguard_public_key(private_key: str) -> str:
    """Return the public key, base64, of a WireGuard private key: what `wg pubkey` prints."""
    key = X25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def preshared_key(mesh_seed: str, first: tuple[str, str], second: tuple[str, str]) -> str:
    """Return the preshared key of a pair of nodes, base64, the same in either order. Secret.

    `first` and `second` are (node name, rotation): a new rotation of either node makes a new key for the pair.
    """
    low, high = sorted((first, second))
    label = "\0".join(("stretched/v1/preshared", *low, *high))
    return base64.b64encode(_derive(mesh_seed, label)).decode()


def ssh_private_key(seed: str) -> str:
    """Return an Ed25519 private key in OpenSSH's format (PROTOCOL.key), with a final newline. Secret.

    The format is written here because the same seed must give the same bytes, and libraries put a random check number
    into each file.
    """
    key = _ed25519(seed)
    raw_public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    raw_private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()) + raw_public
    kind = b"ssh-ed25519"
    check = _derive(seed, "stretched/v1/ssh-check")[:4] * 2
    body = check + _string(kind) + _string(raw_public) + _string(raw_private) + _string(b"")
    body += bytes(range(1, -len(body) % 8 + 1))
    public = _string(kind) + _string(raw_public)
    header = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + (1).to_bytes(4, "big")
    text = base64.b64encode(header + _string(public) + _string(body)).decode()
    lines = "\n".join(text[start : start + 70] for start in range(0, len(text), 70))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"


def ssh_public_key(seed: str) -> str:
    """Return the public half of `ssh_private_key` as `ssh-ed25519 base64`."""
    return _ed25519(seed).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _string(value: bytes) -> bytes:
    """Return a length-prefixed string (RFC 4251, section 5)."""
    return len(value).to_bytes(4, "big") + value


def _ed25519(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derive(seed, "stretched/v1/ssh-ed25519"))
