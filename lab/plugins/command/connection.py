"""The input ``connection`` as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.plugins.command.inputs import optional_text
from lab.plugins.resource import OperationError
from lab.plugins.values import Value, plain


@dataclass(frozen=True)
class Endpoint:
    """An SSH server, with credentials, some of them secret. The defaults are those of the official plug-in."""

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    private_key: str | None = field(repr=False)
    private_key_password: str | None = field(repr=False)
    host_key: str | None
    """Host key in the form of authorized_keys; None: the host key is not verified."""
    agent_socket_path: str | None
    dial_error_limit: int
    """Number of failed attempts before the last one; negative: no limit."""
    per_dial_timeout: float
    """Seconds for one attempt to connect; 0: no limit."""


@dataclass(frozen=True)
class Connection:
    """A server, and the proxy to it, if any."""

    target: Endpoint
    proxy: Endpoint | None


def parse(value: Value) -> Connection:
    """Return the connection of a checked resource. Raises OperationError when it is unknown or has no host."""
    fields = plain(value)
    if not isinstance(fields, dict):
        raise OperationError("the connection is not known")
    proxy = fields.get("proxy")
    return Connection(_endpoint(fields), _endpoint(proxy) if isinstance(proxy, dict) else None)


def _endpoint(fields: dict[str, Value]) -> Endpoint:
    host = optional_text(fields.get("host"))
    if host is None:
        raise OperationError("the connection has no host")
    return Endpoint(
        host=host,
        port=int(_number(fields.get("port"), 22)),
        user=optional_text(fields.get("user")) or "root",
        password=optional_text(fields.get("password")),
        private_key=optional_text(fields.get("privateKey")),
        private_key_password=optional_text(fields.get("privateKeyPassword")),
        host_key=optional_text(fields.get("hostKey")),
        agent_socket_path=optional_text(fields.get("agentSocketPath")),
        dial_error_limit=int(_number(fields.get("dialErrorLimit"), 10)),
        per_dial_timeout=_number(fields.get("perDialTimeout"), 15),
    )


def _number(value: Value, default: float) -> float:
    return value if isinstance(value, float) else default
