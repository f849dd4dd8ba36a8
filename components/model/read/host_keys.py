"""Host keys from OpenSSH known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

import base64
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from components.model.spec import known_name
from components.model.values.host_key import PREFERRED, RSA, host_key_type, is_host_key

_REVOKED = "@revoked"


@dataclass(frozen=True)
class _Line:
    """One line: a marker or none, patterns, `type base64`."""

    revoked: bool
    patterns: tuple[str, ...]
    key: str

    def is_about(self, name: str) -> bool:
        """Whether a pattern matches and no negated one does."""
        negated = [pattern[1:] for pattern in self.patterns if pattern.startswith("!")]
        return not any(_matches(one, name) for one in negated) and any(_matches(one, name) for one in self.patterns)


@dataclass(frozen=True)
class KnownKey:
    """The key of a host, or why there is none."""

    key: str = ""
    why: str = ""


class KnownHosts:
    """The lines of such files, read once."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = tuple(line for text in lines if (line := _line(text)))
        self._exact: dict[str, list[_Line]] = {}
        self._others: list[_Line] = []
        for line in self._lines:
            if any(set(pattern) & set("*?!|") for pattern in line.patterns):
                self._others.append(line)
            else:
                for pattern in line.patterns:
                    self._exact.setdefault(pattern.lower(), []).append(line)

    def find(self, names: Iterable[tuple[str, int]]) -> KnownKey:
        """Return the key of the first of the names (host, port) that is known, the strongest type first.

        A revoked key is excluded, whichever line has it; lines of certificate authorities are ignored.
        """
        why = ""
        lines = {host: self._about(host, port) for host, port in names}
        revoked = _revoked(line for about in lines.values() for line in about)
        for host, about in lines.items():
            keys = [line.key for line in about if line.key not in revoked]
            good = sorted(filter(is_host_key, keys), key=lambda key: PREFERRED.index(key.split()[0]))
            if good:
                return KnownKey(good[0])
            if any(host_key_type(key) == RSA for key in keys):
                why = why or f"has an {RSA} key alone for {host}, and hosts are identified by their other keys"
            elif about and not keys:
                why = why or f"says that the key of {host} is revoked"
        return KnownKey(why=why)

    def revokes(self, key: str, names: Iterable[tuple[str, int]]) -> bool:
        """Whether a key is revoked for one of the names."""
        return key in _revoked(line for host, port in names for line in self._about(host, port))

    def _about(self, host: str, port: int) -> list[_Line]:
        name = known_name(host, port).lower()
        return [*self._exact.get(name, ()), *(line for line in self._others if line.is_about(name))]


def _revoked(lines: Iterable[_Line]) -> set[str]:
    return {line.key for line in lines if line.revoked}


def _line(text: str) -> _Line | None:
    words = text.lstrip("\ufeff").split()  # a byte order mark would be part of the first name
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#") or marker not in ("", _REVOKED):
        return None
    return _Line(bool(marker), tuple(words[0].split(",")), f"{words[1]} {words[2]}")


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):  # hashed: |1|salt|HMAC-SHA1(salt, name)
        try:
            _, _, salt, digest = pattern.split("|")
            mac = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
            return hmac.compare_digest(mac, base64.b64decode(digest))
        except ValueError:
            return False
    return fnmatch.fnmatchcase(name, pattern.lower().replace("[", "[[]"))
