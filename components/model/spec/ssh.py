"""SSH access to hosts."""

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
    """SSH access to a host. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    """Address or name, as seen from the bastion if there is one, else from the machine where Pulumi runs."""
    port: int
    user: str
    host_key: str
    bastion: Bastion | None = None

    @property
    def place(self) -> str:
        """Text that identifies the SSH server: equal texts mean the same host."""
        through = f" behind {Endpoint(self.bastion.host, self.bastion.port)}" if self.bastion else ""
        return f"{Endpoint(self.host, self.port)}{through}"
