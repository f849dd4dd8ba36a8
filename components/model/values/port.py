"""Ports, and hosts with ports: HOST, HOST:PORT and [IPv6]:PORT."""

import re

from components.model.values.address import parse_address
from components.model.values.name import parse_host

_BRACKETED = re.compile(r"\[([^\]]+)\](?::(.*))?", re.DOTALL)


def parse_port(text: str) -> int:
    """Return a port; ValueError when the text is not a number from 1 to 65535 in ASCII digits."""
    port = int(text) if re.fullmatch("[0-9]{1,5}", text) else 0
    if not 1 <= port <= 65535:
        msg = "a port is a number from 1 to 65535"
        raise ValueError(msg)
    return port


def parse_host_port(text: str) -> tuple[str, int | None]:
    """Return the host in canonical form and the port, None without one; raises ValueError with the reason.

    `2001:db8::5:4500` is ambiguous, an address or an address with a port: it needs brackets.
    """
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        return str(_ipv6(bracketed[1])), None if bracketed[2] is None else parse_port(bracketed[2])
    if text.count(":") > 1:
        address = _ipv6(text)
        head, _, tail = text.rpartition(":")
        if re.fullmatch("[0-9]{1,5}", tail) and _is_address(head):
            msg = f"it may be an address, [{text}], or one with a port, [{head}]:{tail}"
            raise ValueError(msg)
        return str(address), None
    host, colon, after = text.partition(":")
    try:
        host = parse_host(host)
    except ValueError:
        msg = ""
        raise ValueError(msg) from None
    return host, parse_port(after) if colon else None


def _ipv6(text: str) -> object:
    try:
        address = parse_address(text)
    except ValueError:
        msg = ""
        raise ValueError(msg) from None
    if address.version == 4:
        msg = "brackets are for IPv6"
        raise ValueError(msg)
    return address


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True
