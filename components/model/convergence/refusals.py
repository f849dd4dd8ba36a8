"""Changes that neither Kubespray nor this program supports: refused at the preview, each with an alternative."""

from components.model.convergence.state import CONTROL_PLANE, ETCD, LEADING, Member, State
from components.model.problems import Problem


def refusals(applied: State | None, declared: State) -> tuple[Problem, ...]:
    """Return every change from what is applied that is not supported."""
    if applied is None or not applied.installed:
        return ()
    problems = [
        Problem("fixed", path, f"{was} cannot change to {declared.fixed[path]} in an existing cluster", f"write {was}")
        for path, was in applied.fixed.items()
        if declared.fixed.get(path, was) != was
    ]
    problems += _version_refusals(applied, declared)
    problems += _first_refusals(applied, declared)
    leaving = [name for name in applied.members if name not in declared.members]
    if applied.deployer in declared.members and declared.deployer != applied.deployer and leaving:
        problems.append(
            Problem(
                "deployer-moves",
                "kubernetes.deployer",
                f"{', '.join(leaving)} is removed, and admits {applied.deployer} only as the deployer",
                f"write {applied.deployer}, run pulumi up, and change the deployer then",
            )
        )
    if applied.deployer not in declared.members:
        problems.append(
            Problem(
                "deployer-leaves",
                "kubernetes.deployer",
                f"{applied.deployer} is removed, and it holds the record of the cluster",
                "declare it again with another `kubernetes.deployer`, run pulumi up, and remove it then",
            )
        )
    for name, was in applied.members.items():
        if name in declared.members and name not in applied.doubtful:
            problems += _member_refusals(name, was, declared.members[name])
    return tuple(problems)


def _version_refusals(applied: State, declared: State) -> list[Problem]:
    where = "kubernetes.version"
    was, wanted = _numbers(applied.version), _numbers(declared.version)
    if applied.begun and declared.version != applied.begun:
        return [
            Problem(
                "upgrade-unfinished",
                where,
                f"an upgrade to {applied.begun} was started and is not finished",
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
                f"upgrade to {was[0]}.{was[1] + 1}.x first, with a Kubespray that supports it",
            )
        ]
    return []


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _first_refusals(applied: State, declared: State) -> list[Problem]:
    problems: list[Problem] = []
    for role in (CONTROL_PLANE, ETCD):
        first = next(iter(applied.leaders(role)), "")
        others = [name for name in applied.leaders(CONTROL_PLANE) if name in declared.members]
        if first and first not in declared.members and not any(first == problem.path for problem in problems):
            instead = (
                f"declare it again with `kubernetes.firstControlPlane: {others[0]}`, run pulumi up, and remove it then"
                if others
                else "keep it, and add the other control-plane nodes first"
            )
            problems.append(
                Problem("first-leaves", first, f"is the first node of {role}, which Kubespray cannot remove", instead)
            )
    if declared.first and applied.joins(declared.first, declared):
        problems.append(
            Problem(
                "not-a-member",
                "kubernetes.firstControlPlane",
                f"{declared.first} is not a member yet",
                "add it first, then make it the first node",
            )
        )
    return problems


def _member_refusals(name: str, was: Member, wanted: Member) -> list[Problem]:
    again = "remove the node, run pulumi up, and declare it again"
    problems = []
    lost = set(was.roles) - set(wanted.roles)
    if lost:
        problems.append(
            Problem("loses-role", name, f"cannot lose the role {', '.join(sorted(lost))} while it is a member", again)
        )
    gained = (set(wanted.roles) - set(was.roles)) & LEADING
    if gained:
        problems.append(
            Problem("gains-role", name, f"cannot gain the role {', '.join(sorted(gained))} while it is a member", again)
        )
    if was.leads and was.address != wanted.address:
        problems.append(
            Problem(
                "leader-moves",
                name,
                f"its certificates name {was.address}: its address cannot change to {wanted.address}",
                again,
            )
        )
    return problems
