"""SSH files of the deployer: known_hosts with wg0 addresses, and its line in authorized_keys."""

from components.model.files.text_lines import lines as text_of
from components.model.spec import Spec, known_name


def known_hosts(spec: Spec) -> str:
    """Return one line per node (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return text_of(f"{known_name(str(node.address), node.ssh.mesh_port)} {node.ssh.host_key}" for node in spec.nodes)


def authorized_key(public_key: str, deployer_address: str) -> str:
    """Return the line that admits the deployer, from its wg0 address only (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""
    return f'from="{deployer_address}",no-agent-forwarding,no-X11-forwarding {public_key} stretched-deployer\n'
