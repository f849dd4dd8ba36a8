"""Endpoints: host and port of a peer."""

from dataclasses import dataclass

from components.model.spec.families import family_of


@dataclass(frozen=True)
class Endpoint:
    """Endpoint of a peer as in wg(8): host (IPv4 address, IPv6 address or DNS name) and port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def family(self) -> str | None:
        """Address family, IPv4 or IPv6; None for a name, which can have addresses in both."""
        return family_of(self.host)
