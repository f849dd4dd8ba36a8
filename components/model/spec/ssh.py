"""How a host is reached for administration."""

from dataclasses import dataclass

from components.model.spec.endpoint import Endpoint


@dataclass(frozen=True)
class Bastion:
    """A host that SSH connections go through. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    port: int
    user: str
    host_key: str


@dataclass(frozen=True)
class SshTarget:
    """How a host is reached for administration. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    """Seen from the bastion where there is one, else from the machine where Pulumi runs."""
    port: int
    user: str
    host_key: str
    bastion: Bastion | None = None

    @property
    def place(self) -> str:
        """Where it is, in words: two hosts of one place are one."""
        through = f" behind {Endpoint(self.bastion.host, self.bastion.port)}" if self.bastion else ""
        return f"{Endpoint(self.host, self.port)}{through}"
