"""Changes that neither Kubespray nor we can make: refused before any host is touched, each with the way round."""

from components.model.convergence.state import CONTROL_PLANE, ETCD, LEADING, Member, State
from components.model.problems import Problem


def refusals(applied: State | None, declared: State) -> tuple[Problem, ...]:
    """Return every change that neither Kubespray nor we can make."""
    if applied is None or not applied.installed:
        return ()
    found = [
        Problem("fixed", path, f"{was} cannot change to {declared.fixed[path]} in a living cluster", f"write {was}")
        for path, was in applied.fixed.items()
        if declared.fixed.get(path, was) != was
    ]
    found += _version_refusals(applied, declared)
    found += _first_refusals(applied, declared)
    if applied.deployer not in declared.members:
        found.append(
            Problem(
                "deployer-leaves",
                "kubernetes.deployer",
                f"{applied.deployer} leaves, and it holds what is known of the cluster",
                "declare it again with another `kubernetes.deployer`, run pulumi up, and remove it then",
            )
        )
    for name, was in applied.members.items():
        if name in declared.members and name not in applied.doubtful:
            found += _member_refusals(name, was, declared.members[name])
    return tuple(found)


def _version_refusals(applied: State, declared: State) -> list[Problem]:
    where = "kubernetes.version"
    was, wanted = _numbers(applied.version), _numbers(declared.version)
    if applied.begun and declared.version != applied.begun:
        return [
            Problem(
                "upgrade-unfinished",
                where,
                f"an upgrade to {applied.begun} has begun and did not end",
                f"write {applied.begun} first",
            )
        ]
    if wanted < was:
        return [Problem("downgrade", where, f"{declared.version} is older than {applied.version}, which is installed",
                        "Kubernetes cannot be downgraded")]  # fmt: skip
    if wanted[0] == was[0] and wanted[1] > was[1] + 1:
        return [
            Problem(
                "skips-version",
                where,
                f"{applied.version} -> {declared.version} skips a minor version",
                f"upgrade to {was[0]}.{was[1] + 1}.x first, with the Kubespray that has it",
            )
        ]
    return []


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _first_refusals(applied: State, declared: State) -> list[Problem]:
    found: list[Problem] = []
    for role in (CONTROL_PLANE, ETCD):
        first = next(iter(applied.leaders(role)), "")
        others = [name for name in applied.leaders(CONTROL_PLANE) if name in declared.members]
        if first and first not in declared.members and not any(first == problem.path for problem in found):
            instead = (
                f"declare it again with `kubernetes.firstControlPlane: {others[0]}`, run pulumi up, and remove it then"
                if others
                else "keep it, and add the other control-plane nodes first"
            )
            found.append(
                Problem("first-leaves", first, f"is the first node of {role}, which Kubespray cannot remove", instead)
            )
    if declared.first and applied.joins(declared.first, declared):
        found.append(
            Problem(
                "not-a-member",
                "kubernetes.firstControlPlane",
                f"{declared.first} is not a member yet",
                "add it first, then lead",
            )
        )
    return found


def _member_refusals(name: str, was: Member, wanted: Member) -> list[Problem]:
    again = "remove the node, run pulumi up, and declare it anew"
    found = []
    lost = set(was.roles) - set(wanted.roles)
    if lost:
        found.append(
            Problem("loses-role", name, f"cannot lose the role {', '.join(sorted(lost))} while it is a member", again)
        )
    gained = (set(wanted.roles) - set(was.roles)) & LEADING
    if gained:
        found.append(
            Problem("gains-role", name, f"cannot gain the role {', '.join(sorted(gained))} while it is a member", again)
        )
    if was.leads and was.address != wanted.address:
        found.append(
            Problem(
                "leader-moves", name, f"its certificates carry {was.address}: it cannot become {wanted.address}", again
            )
        )
    return found
