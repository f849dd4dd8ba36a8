"""Host keys as the deployer sees them: by wg0 address (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

from components.model.spec import Spec


def known_hosts(spec: Spec) -> str:
    """Return one line a node."""
    return "".join(f"{node.address} {node.ssh.host_key}\n" for node in spec.nodes)


def authorized_key(public_key: str, deployer_address: str) -> str:
    """Return the line that lets the deployer in, from its wg0 address only (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""
    return f'from="{deployer_address}",no-agent-forwarding,no-X11-forwarding {public_key} stretched-deployer\n'
