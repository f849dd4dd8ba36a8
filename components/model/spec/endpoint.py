"""Where a peer is reached: host and port."""

from dataclasses import dataclass

from components.model.spec.families import family_of


@dataclass(frozen=True)
class Endpoint:
    """Where a peer is reached from outside: host (IPv4, IPv6 or DNS name) and UDP port, as in wg(8)."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def family(self) -> str | None:
        """IPv4 or IPv6; None for a name, which stands for the addresses of its node in any family."""
        return family_of(self.host)
