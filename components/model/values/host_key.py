"""Public host keys as `type base64`, their parts checked against the type (RFC 4253, 5656 and 8709)."""

import base64
import binascii
import re

ED25519 = "ssh-ed25519"
RSA = "ssh-rsa"
_POINTS = {"nistp256": 65, "nistp384": 97, "nistp521": 133}
"""Bytes of an uncompressed point of each curve."""
PREFERRED = (ED25519, *(f"ecdsa-sha2-{curve}" for curve in _POINTS))
"""Accepted key types, strongest first. With an ssh-rsa key alone, client and host would negotiate another of its
keys, which the client then refuses."""


def is_host_key(text: str) -> bool:
    """Whether a text is a complete public host key of one of these types."""
    return host_key_type(text) in PREFERRED


def host_key_type(text: str) -> str:
    """Return the type of a complete key of a known type; empty: not a key, or an incomplete one."""
    form = re.fullmatch(r"([a-z0-9-]+) ([A-Za-z0-9+/]+={0,2})", text)
    if not form:
        return ""
    kind = form[1]
    try:
        parts = _parts(base64.b64decode(form[2], validate=True))
    except (ValueError, binascii.Error):
        return ""
    if parts[:1] != [kind.encode()]:
        return ""
    return kind if _whole(kind, parts[1:]) else ""


def has_passphrase(private_key: str) -> bool:
    """Whether a private key, in OpenSSH's format or PEM, is encrypted."""
    if "ENCRYPTED" in private_key:
        return True
    form = re.search(r"BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END", private_key)
    try:
        blob = base64.b64decode(form[1]) if form else b""
    except binascii.Error:
        return False
    magic = b"openssh-key-v1\0"
    cipher = blob[len(magic) + 4 :][: int.from_bytes(blob[len(magic) : len(magic) + 4], "big")]
    return blob.startswith(magic) and cipher != b"none"


def _parts(blob: bytes) -> list[bytes]:
    """Return the strings that a blob consists of; ValueError when it ends inside one."""
    parts = []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size or size > 4096:
            msg = "cut short"
            raise ValueError(msg)
        parts.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return parts


def _whole(kind: str, parts: list[bytes]) -> bool:
    if kind == ED25519:
        return [len(part) for part in parts] == [32]
    if kind == RSA:
        return len(parts) == 2 and len(parts[1]) >= 128
    curve = kind.removeprefix("ecdsa-sha2-")
    if curve not in _POINTS or len(parts) != 2:
        return False
    name, point = parts
    return name == curve.encode() and len(point) == _POINTS[curve] and point[:1] == b"\4"
