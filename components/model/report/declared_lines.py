"""The declared state of a cluster as lines, so that a preview shows what changes in it line by line."""

from components.model.convergence.state import State


def readable(state: State, playbooks: str) -> str:
    """Return the declared state as lines that a person can compare."""
    lines = [f"kubernetes {state.version}, playbooks {playbooks}, settings {state.settings}"]
    for name in sorted(state.members):
        member = state.members[name]
        labels = " ".join(f"{key}={value}" for key, value in sorted(member.labels.items()))
        words = [f"{name} {member.address}", ", ".join(member.roles), labels, " ".join(member.taints)]
        lines.append("; ".join(filter(None, words)))
    return "".join(f"{line}\n" for line in lines)
