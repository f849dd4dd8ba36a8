"""The playbooks that take a cluster from the applied to the declared state, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from components.model.convergence.state import CONTROL_PLANE, State

RESET = "reset"
INSTALL = "install"
REMOVE = "remove"
SCALE = "scale"
CLUSTER = "cluster"
UPGRADE = "upgrade"
LABEL = "label"

_PLAYBOOKS = {
    RESET: "reset.yml --limit",
    INSTALL: "cluster.yml",
    REMOVE: "remove-node.yml",
    SCALE: "scale.yml --limit",
    CLUSTER: "cluster.yml",
    UPGRADE: "upgrade-cluster.yml",
    LABEL: "kubectl",
}


@dataclass(frozen=True)
class Step:
    """One run of playbooks. `version` is the Kubernetes version that it works with."""

    kind: str
    nodes: tuple[str, ...]
    why: str
    version: str

    def __str__(self) -> str:
        names = f" {','.join(self.nodes)}" if self.nodes else ""
        return f"{_PLAYBOOKS[self.kind]}{names}: {self.why}"


def plan(applied: State | None, declared: State, secrets: Sequence[str] = ()) -> tuple[Step, ...]:
    """Return the steps that are needed, in their order; none when the cluster is as declared.

    `secrets` are the names of secret variables whose value differs from the applied one.

    Nodes leave first, then nodes join at the version in force, then the version changes: so every run has
    either the former or the declared groups, and no kubelet is ever newer than the API.
    """
    if applied is None or not applied.installed:
        return _installation(applied, declared)
    leaving = [name for name in applied.order if name in applied.members and name not in declared.members]
    joining = [name for name in applied.wants(declared) if applied.joins(name, declared)]
    upgrade = applied.begun or (declared.version if declared.version != applied.version else "")
    reasons = _reasons(applied, declared, leaving, joining, upgrading=bool(upgrade))
    if secrets and not upgrade:
        reasons.append(f"changed secret variables {', '.join(secrets)}")
    steps = _removals(applied, leaving)
    if reasons:
        steps.append(Step(CLUSTER, (), ", ".join(reasons), applied.version))
    elif joining:
        steps.append(Step(SCALE, tuple(joining), "new workers" if joining[1:] else "new worker", applied.version))
    if upgrade:
        why = f"{applied.version} -> {upgrade}" + (" (started before, not finished)" if applied.begun else "")
        steps.append(Step(UPGRADE, (), why, upgrade))
    changed = tuple(relabelled(applied, declared))
    if changed:
        steps.append(Step(LABEL, changed, "labels or taints", applied.version))
    return tuple(steps)


def _installation(applied: State | None, declared: State) -> tuple[Step, ...]:
    again = "" if applied is None else " (started before, not finished)"
    install = Step(INSTALL, (), f"install {len(declared.members)} nodes{again}", declared.version)
    # There is no cluster yet that they could be removed from.
    left = tuple(name for name in (applied.members if applied else ()) if name not in declared.members)
    return (Step(RESET, left, "not declared any more", declared.version), install) if left else (install,)


def _removals(applied: State, leaving: Sequence[str]) -> list[Step]:
    workers = tuple(name for name in leaving if not applied.members[name].leads)
    steps = [Step(REMOVE, workers, "not declared any more", applied.version)] if workers else []
    # One at a time, the newest first: each is a change of etcd's membership.
    leaders = [name for name in reversed(leaving) if applied.members[name].leads]
    return steps + [Step(REMOVE, (name,), "not declared any more", applied.version) for name in leaders]


def _reasons(
    applied: State, declared: State, leaving: Sequence[str], joining: Sequence[str], *, upgrading: bool
) -> list[str]:
    """Return why cluster.yml must run; an upgrade also applies changed settings."""
    reasons = []
    new_leaders = [name for name in joining if declared.members[name].leads]
    if new_leaders:
        workers = [name for name in joining if name not in new_leaders]
        reasons.append(f"new control plane or etcd {', '.join(new_leaders)}" + (" and new workers" if workers else ""))
    gone = [name for name in leaving if applied.members[name].leads]
    if gone:
        reasons.append(f"the others forget {', '.join(gone)}")
    kept = [name for name in declared.members if name in applied.members and name not in joining]
    moved = [name for name in kept if declared.members[name].address != applied.members[name].address]
    if moved:
        reasons.append(f"new address of {', '.join(moved)}")
    gained = [name for name in kept if set(declared.members[name].roles) - set(applied.members[name].roles)]
    if gained:
        reasons.append(f"new role of {', '.join(gained)}")
    tuned = [name for name in kept if declared.members[name].settings != applied.members[name].settings]
    if tuned and not upgrading:
        reasons.append(f"changed variables of {', '.join(tuned)}")
    if _moves_first(applied, declared):
        reasons.append(f"{declared.first} becomes the first control-plane node")
    if applied.settings != declared.settings and not upgrading:
        reasons.append("changed settings" if applied.settings else "what an earlier run left unfinished")
    return reasons


def _moves_first(applied: State, declared: State) -> bool:
    return bool(declared.first) and declared.first != next(iter(applied.leaders(CONTROL_PLANE)), "")


def relabelled(applied: State, declared: State) -> dict[str, dict[str, list[str]]]:
    """Return, for members whose labels or taints changed, the words for `kubectl label` and `kubectl taint`.

    Kubespray sets labels and taints and never takes one away.
    """
    changes = {}
    for name, wanted in declared.members.items():
        known = applied.members.get(name)
        if known is None or (known.labels == wanted.labels and set(known.taints) == set(wanted.taints)):
            continue
        labels = [f"{key}={value}" for key, value in wanted.labels.items() if known.labels.get(key) != value]
        labels += [f"{key}-" for key in known.labels if key not in wanted.labels]
        kept = {_identity(taint) for taint in wanted.taints}
        taints = [taint for taint in wanted.taints if taint not in known.taints]
        taints += [f"{_identity(taint)}-" for taint in known.taints if _identity(taint) not in kept]
        changes[name] = {"labels": labels, "taints": taints}
    return changes


def _identity(taint: str) -> str:
    """Return `key:Effect`: what makes a taint another one. A changed value overwrites."""
    rest, _, effect = taint.rpartition(":")
    return f"{rest.partition('=')[0]}:{effect}"


def begin(applied: State | None, step: Step, declared: State) -> State:
    """Return the state to record while a step runs; it stays when the step does not finish."""
    if applied is not None and step.kind == RESET:
        return applied
    if applied is None or step.kind == INSTALL:
        return replace(declared, order=(applied or declared).wants(declared), installed=False, settings="")
    if step.kind == UPGRADE:
        return replace(applied, begun=step.version, settings="")
    if step.kind == REMOVE:
        return replace(applied, doubtful=applied.doubtful | set(step.nodes))
    if step.kind == LABEL:
        return applied
    joining = {name for name in declared.members if applied.joins(name, declared)}
    members = {**applied.members, **{name: declared.members[name] for name in joining if name not in applied.members}}
    return replace(
        applied,
        members=members,
        order=applied.wants(declared),
        doubtful=applied.doubtful | joining,
        half_made=applied.half_made | (joining - set(applied.members)),
        settings=applied.settings if step.kind == SCALE else "",
    )


def end(applied: State, step: Step, declared: State) -> State:
    """Return the applied state after a step succeeded; `applied` is what `begin` returned."""
    if step.kind == INSTALL:
        return replace(applied, installed=True, settings=declared.settings)
    if step.kind in (REMOVE, RESET):
        return _removed(applied, step)
    if step.kind == LABEL:
        members = {name: declared.members.get(name, member) for name, member in applied.members.items()}
        return replace(applied, members=members)
    # Labels and taints of members stay as they were known: the step for them comes last, and removes what must go.
    touched = step.nodes if step.kind == SCALE else tuple(declared.members)
    members = {
        name: replace(declared.members[name], labels=member.labels, taints=member.taints) if name in touched else member
        for name, member in applied.members.items()
    }
    if step.kind == UPGRADE:
        return replace(applied, version=step.version, begun="", settings=declared.settings, members=members)
    done = replace(
        applied,
        members=members,
        doubtful=applied.doubtful - set(touched),
        half_made=applied.half_made - set(touched),
    )
    if step.kind == SCALE:
        return done
    # Where an upgrade follows, the settings are not applied yet: its playbook does that.
    return replace(done, settings=declared.settings if step.version == declared.version else "", first=declared.first)


def _removed(applied: State, step: Step) -> State:
    # The others still know a leader that left: that is unfinished until cluster.yml has run.
    unfinished = any(applied.members[name].leads for name in step.nodes)
    return replace(
        applied,
        settings="" if unfinished else applied.settings,
        members={name: member for name, member in applied.members.items() if name not in step.nodes},
        order=tuple(name for name in applied.order if name not in step.nodes),
        doubtful=applied.doubtful - set(step.nodes),
        half_made=applied.half_made - set(step.nodes),
    )
