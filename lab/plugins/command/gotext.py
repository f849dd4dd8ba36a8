"""Texts in the form of Go: error messages quote commands as Go does."""

from __future__ import annotations

_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quote(text: str) -> str:
    """Return a text in the form of Go's %q."""
    return f'"{"".join(_ESCAPES.get(c) or (c if c.isprintable() else _code(c)) for c in text)}"'


def _code(character: str) -> str:
    point = ord(character)
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
