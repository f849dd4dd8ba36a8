"""Reading of HOST, HOST:PORT and [IPv6]:PORT."""

import ipaddress
import re

from components.model.spec import Endpoint

_DNS_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)


def is_dns_name(text: str) -> bool:
    """Whether a text is a DNS host name (RFC 1123)."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_DNS_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def is_host(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address or a DNS name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return is_dns_name(text)
    return True


def parse_endpoint(text: str, default_port: int) -> Endpoint:
    """Return the endpoint; ValueError when the text has another form or the port is not 1 to 65535."""
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", text)
    if bracketed:
        host, port = bracketed.groups()
    elif text.count(":") > 1:  # IPv6 without a port
        host, port = text, None
    else:
        host, colon, after = text.partition(":")
        port = after if colon else None
    number = default_port if port is None else int(port) if port.isdigit() else 0
    if not is_host(host) or not 1 <= number <= 65535:
        digits = port is not None and port.isdigit() and is_host(host)
        msg = f"{text!r} is not HOST or HOST:PORT{': a port is a number from 1 to 65535' if digits else ''}"
        raise ValueError(msg)
    return Endpoint(host, number)
