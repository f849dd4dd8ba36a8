"""SSH access to hosts."""

from dataclasses import dataclass

from components.model.spec.defaults import SSH_PORT
from components.model.spec.endpoint import Endpoint


def known_name(host: str, port: int) -> str:
    """Return the name under which known_hosts has a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


@dataclass(frozen=True)
class Bastion:
    """A host that SSH connections go through. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    port: int
    user: str
    host_key: str
    private_key_file: str = ""
    """File with the private SSH key that opens it; empty: the SSH agent, or the key that the program was given."""


@dataclass(frozen=True)
class SshTarget:
    """SSH access to a host. `host_key` is `type base64`, as in authorized_keys(5)."""

    host: str
    """Address or name, as seen from the bastion if there is one, else from the machine where Pulumi runs."""
    port: int
    user: str
    host_key: str
    bastion: Bastion | None = None
    private_key_file: str = ""
    """File with the private SSH key that opens it; empty: the SSH agent, or the key that the program was given."""
    mesh_port: int = SSH_PORT
    """TCP port of sshd on the host itself, which the deployer uses over the mesh. `port` may be one that a router
    forwards to it, so it says nothing about this one."""

    @property
    def place(self) -> str:
        """Text that identifies the SSH server: equal texts mean the same host."""
        through = f" behind {Endpoint(self.bastion.host, self.bastion.port)}" if self.bastion else ""
        return f"{Endpoint(self.host, self.port)}{through}"
