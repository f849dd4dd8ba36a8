"""The text of a preview about what Kubespray changes on new hosts."""

from components.model.cluster.host_changes import HostChanges
from components.model.problems import printable


def host_changes_text(changes: HostChanges) -> str:
    """Return a text of several lines. States of SELinux are the users' own variables: they are no secrets."""
    selinux = f"becomes {printable(' or '.join(changes.selinux))}" if changes.selinux else "stays as it is"
    lines = [
        f"SELinux: {selinux}",
        f"fapolicyd: {'is stopped and disabled' if changes.stops_fapolicyd else 'stays as it is'}",
        f"swap: {'is switched off for good' if changes.stops_swap else 'stays as it is'}",
        "another container engine that runs, such as Docker: is removed with all its containers, images and volumes",
    ]
    text = "".join(f"\n  - {line}" for line in lines)
    return f"Kubespray also changes {printable(', '.join(changes.hosts))} (docs/security.md):{text}"
