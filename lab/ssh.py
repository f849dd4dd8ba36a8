"""The lab's own SSH connections to hosts, which verify host keys by the lab's known_hosts."""

from lab.layout import Layout


def command(layout: Layout, target: str, **options: str) -> list[str]:
    """Return an ssh command without the remote one; `target` is USER@ADDRESS. `options` are those of ssh_config(5)."""
    every = {
        "IdentityFile": str(layout.private_key),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(layout.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "HostKeyAlgorithms": "ssh-ed25519",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        **options,
    }
    return [
        "ssh",
        "-F",
        "/dev/null",
        *(part for key, value in every.items() for part in ("-o", f"{key}={value}")),
        target,
    ]
