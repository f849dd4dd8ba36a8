"""Paths of a lab's files, and names of its namespaces."""

import os
from dataclasses import dataclass
from pathlib import Path

from lab.topology import OPERATOR, Host

TREE = Path(__file__).resolve().parent.parent
DEFAULT_TOPOLOGY = TREE / "lab" / "topologies" / "dev.yaml"
_DEFAULT_LAB = "dev"
NETNS_DIRECTORY = Path("/run/netns")  # ip-netns(8)
NETNS_CONFIGURATION = Path("/etc/netns")  # files that `ip netns exec` mounts over those in /etc


def state_root() -> Path:
    """Return the directory of all labs of this user, `$XDG_STATE_HOME/stretched-cluster/lab`."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser().absolute() / "stretched-cluster" / "lab"


@dataclass(frozen=True)
class Layout:
    """Paths and names of the lab `name`."""

    name: str

    @property
    def state(self) -> Path:
        """Directory of the lab, without its access files; `down` removes it."""
        return state_root() / self.name

    @property
    def lock(self) -> Path:
        """Lock file that is held while the lab is made or removed."""
        return state_root() / f"{self.name}.lock"

    @property
    def access(self) -> Path:
        """Directory of access files for Pulumi and people: keys, known hosts, Pulumi's state. Its mode is 0700."""
        return TREE / ".lab" if self.name == _DEFAULT_LAB else self.state / "access"

    @property
    def master_key(self) -> Path:
        """Original of the operator's key. A cleaned working tree gets a copy of it again."""
        return self.state / "operator" / "id_ed25519"

    @property
    def private_key(self) -> Path:
        """SSH key of the operator, which is authorized for root on all hosts."""
        return self.access / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """File of Ed25519 host keys, by name and by the address at which the operator reaches the host."""
        return self.access / "known_hosts"

    @property
    def mirror(self) -> Path:
        """Directory that hosts see at /opt/mirror, if the topology has `mirror: true`."""
        return self.state / "mirror"

    @property
    def relay_config(self) -> Path:
        """Configuration file of the WAN relay."""
        return self.state / "wan.json"

    def host(self, short: str) -> Path:
        """Return the directory of a host."""
        return self.state / "hosts" / short

    def host_directories(self) -> list[str]:
        """Return the short names of the hosts that have a directory."""
        directory = self.state / "hosts"
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    @property
    def netns_prefix(self) -> str:
        """Prefix of the names of this lab's network namespaces. It is unique, because names of labs have no hyphen."""
        return f"sl-{self.name}-"

    def host_netns(self, host: Host) -> str:
        """Return the name of a host's network namespace."""
        return self.netns_prefix + host.short

    def router_netns(self, site: str) -> str:
        """Return the name of a site router's network namespace."""
        return f"{self.netns_prefix}router-{site}"

    @property
    def operator_netns(self) -> str:
        """Name of the network namespace where Pulumi runs."""
        return self.netns_prefix + OPERATOR
