"""Where a lab keeps its things, and what its namespaces are called."""

import os
from dataclasses import dataclass
from pathlib import Path

from lab.topology import OPERATOR, Host

TREE = Path(__file__).resolve().parent.parent
DEFAULT_TOPOLOGY = TREE / "lab" / "topologies" / "dev.yaml"
_DEFAULT_LAB = "dev"
NETNS_DIRECTORY = Path("/run/netns")  # ip-netns(8)
NETNS_CONFIGURATION = Path("/etc/netns")  # files that `ip netns exec` puts over those of /etc


def state_root() -> Path:
    """Return the directory of all labs of this user: `$XDG_STATE_HOME/stretched-cluster/lab`."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser().absolute() / "stretched-cluster" / "lab"


@dataclass(frozen=True)
class Layout:
    """Files and names of the lab `name`."""

    name: str

    @property
    def state(self) -> Path:
        """Everything of the lab but its access files; removed by `down`."""
        return state_root() / self.name

    @property
    def lock(self) -> Path:
        """Held while the lab is made or removed."""
        return state_root() / f"{self.name}.lock"

    @property
    def access(self) -> Path:
        """What Pulumi and people need to use the lab: keys, known hosts, Pulumi's state. Mode 0700."""
        return TREE / ".lab" if self.name == _DEFAULT_LAB else self.state / "access"

    @property
    def master_key(self) -> Path:
        """The operator's key as long as the lab lives: a cleaned working tree gets its copy back from here."""
        return self.state / "operator" / "id_ed25519"

    @property
    def private_key(self) -> Path:
        """The operator's SSH key, root's on all hosts."""
        return self.access / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """Every host's Ed25519 key, by name and by the address where the operator reaches it."""
        return self.access / "known_hosts"

    @property
    def mirror(self) -> Path:
        """What hosts see at /opt/mirror, if the topology asks for it."""
        return self.state / "mirror"

    @property
    def relay_config(self) -> Path:
        """What the WAN's relay reads."""
        return self.state / "wan.json"

    def host(self, short: str) -> Path:
        """Everything of one host."""
        return self.state / "hosts" / short

    def host_directories(self) -> list[str]:
        """Return the short names of the hosts that have something on disk."""
        directory = self.state / "hosts"
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    @property
    def netns_prefix(self) -> str:
        """Begins the names of this lab's network namespaces and of no other's: lab names have no hyphen."""
        return f"sl-{self.name}-"

    def host_netns(self, host: Host) -> str:
        """Network namespace of a host."""
        return self.netns_prefix + host.short

    def router_netns(self, site: str) -> str:
        """Network namespace of a site's router."""
        return f"{self.netns_prefix}router-{site}"

    @property
    def operator_netns(self) -> str:
        """Network namespace where Pulumi runs."""
        return self.netns_prefix + OPERATOR
