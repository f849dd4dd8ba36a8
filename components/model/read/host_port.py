"""Reading of hosts, with or without ports."""

from components.model.problems import shown
from components.model.read.fields import Fields
from components.model.spec import Endpoint
from components.model.values.address import parse_address, special_address
from components.model.values.name import parse_host
from components.model.values.port import parse_host_port


def parse_endpoint(text: str, default_port: int) -> Endpoint:
    """Return the endpoint, its host in canonical form; raises ValueError with the reason."""
    try:
        host, port = parse_host_port(text)
    except ValueError as error:
        why = f": {error}" if str(error) else ""
        msg = f"{shown(text)} is not HOST or HOST:PORT{why}"
        raise ValueError(msg) from None
    return Endpoint(host, default_port if port is None else port)


def special_host(host: str, *, loopback: bool = False) -> str:
    """Return the kind of an address that cannot be a host's; empty for others, and for names."""
    try:
        return special_address(parse_address(host), loopback=loopback)
    except ValueError:
        return ""


def read_endpoint(fields: Fields, name: str, text: str, default_port: int, example: str) -> Endpoint | None:
    """Return an endpoint that peers or clients connect to; None when it cannot be read."""
    try:
        endpoint = parse_endpoint(text, default_port)
    except ValueError as error:
        fields.wrong("not-an-endpoint", name, str(error), f"write for example `{name}: {example}`")
        return None
    kind = special_host(endpoint.host)
    if kind:
        what = f"{endpoint.host} is a {kind} address, at which other hosts cannot reach this host"
        fields.wrong("special-addresses", name, what, f"write for example `{name}: {example}`")
        return None
    return endpoint


def read_place(fields: Fields, name: str, text: str, default_port: int, example: str) -> Endpoint | None:
    """Return an endpoint that a program connects to, also one on its own host; None when it cannot be read."""
    try:
        endpoint = parse_endpoint(text, default_port)
    except ValueError as error:
        fields.wrong("not-an-endpoint", name, str(error), f"write {example}")
        return None
    kind = special_host(endpoint.host, loopback=True)
    if kind:
        fields.wrong("special-addresses", name, f"{endpoint.host} is a {kind} address", f"write {example}")
        return None
    return endpoint


def read_host(fields: Fields, text: str) -> str:
    """Return the field `host`, an address or a name in canonical form; empty when it cannot be read."""
    try:
        host = parse_host(text)
    except ValueError:
        host = ""
    if not host:
        what = f"{shown(text)} is neither an address nor a DNS name"
        fields.wrong("not-a-host", "host", what, _both(text) or "write one of the two")
    elif special_host(host, loopback=True):
        kind = special_host(host, loopback=True)
        fields.wrong("special-addresses", "host", f"{host} is a {kind} address", "write another")
        return ""
    return host


def _both(text: str) -> str:
    """Return the advice where host and port are written together."""
    try:
        host, port = parse_host_port(text)
    except ValueError:
        return ""
    return f"write `host: {host}` and `port: {port}`" if port else f"write `host: {host}`"
