"""Which playbooks run for which change: a table, and the proof that any change, interrupted anywhere, is finished."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.model.convergence.refusals import refusals
from components.model.convergence.state import Member, State, from_data, to_data
from components.model.convergence.steps import CLUSTER, INSTALL, REMOVE, RESET, SCALE, begin, end, plan, relabelled

LEADER = ("control-plane", "etcd")
WORKER = ("worker",)


def member(roles: tuple[str, ...] = WORKER, address: str = "192.168.0.1", **labels: str) -> Member:
    return Member(roles, address, labels, ())


def state(**members: Member) -> State:
    return State(
        version="1.35.3",
        fixed={"kubernetes.podCidr": "10.233.64.0/18"},
        settings="s1",
        members=members,
        order=tuple(members),
        deployer=next(iter(members)),
    )


THREE = state(a=member(LEADER), w=member(), x=member())
FIVE = state(a=member(LEADER), b=member(LEADER), c=member(LEADER), w=member(), x=member())


def without(base: State, *names: str) -> State:
    members = {name: one for name, one in base.members.items() if name not in names}
    return replace(base, members=members, order=tuple(members))


def with_members(base: State, **members: Member) -> State:
    everybody = dict(sorted({**base.members, **members}.items()))
    return replace(base, members=everybody, order=tuple(everybody))


TAINTED = replace(member(), taints=("gpu=yes:NoSchedule",))

CASES: Mapping[str, tuple[State | None, State, list[str]]] = {
    "nothing changed": (THREE, THREE, []),
    "the first run": (None, THREE, ["cluster.yml: install 3 nodes"]),
    "a first run that did not end": (
        replace(THREE, installed=False),
        THREE,
        ["cluster.yml: install 3 nodes (started before, not finished)"],
    ),
    "a first run that did not end, and a node is not declared any more": (
        replace(THREE, installed=False),
        without(THREE, "x"),
        ["reset.yml --limit x: not declared any more", "cluster.yml: install 2 nodes (started before, not finished)"],
    ),
    "a worker is added": (THREE, with_members(THREE, y=member()), ["scale.yml --limit y: new worker"]),
    "two workers are added": (
        THREE,
        with_members(THREE, v=member(), y=member()),
        ["scale.yml --limit v,y: new workers"],
    ),
    "a pair of control-plane nodes is added": (
        THREE,
        FIVE,
        ["cluster.yml: new control plane or etcd b, c"],
    ),
    "a pair and a worker are added: one run is enough": (
        THREE,
        with_members(FIVE, y=member()),
        ["cluster.yml: new control plane or etcd b, c and new workers"],
    ),
    "workers leave together": (FIVE, without(FIVE, "w", "x"), ["remove-node.yml w,x: not declared any more"]),
    "control-plane nodes leave one by one, the youngest first": (
        FIVE,
        without(FIVE, "b", "c"),
        [
            "remove-node.yml c: not declared any more",
            "remove-node.yml b: not declared any more",
            "cluster.yml: the others forget b, c",
        ],
    ),
    "a new patch version": (THREE, replace(THREE, version="1.35.4"), ["upgrade-cluster.yml: 1.35.3 -> 1.35.4"]),
    "an upgrade that did not end": (
        replace(THREE, begun="1.35.4", settings=""),
        replace(THREE, version="1.35.4"),
        ["upgrade-cluster.yml: 1.35.3 -> 1.35.4 (started before, not finished)"],
    ),
    "changed settings": (THREE, replace(THREE, settings="s2"), ["cluster.yml: changed settings"]),
    "a new version brings changed settings about": (
        THREE,
        replace(THREE, settings="s2", version="1.36.0"),
        ["upgrade-cluster.yml: 1.35.3 -> 1.36.0"],
    ),
    "variables of one node": (
        THREE,
        with_members(THREE, w=replace(member(), settings="own")),
        ["cluster.yml: changed variables of w"],
    ),
    "a label": (THREE, with_members(THREE, w=member(rack="12")), ["kubectl w: labels or taints"]),
    "a taint": (THREE, with_members(THREE, w=TAINTED), ["kubectl w: labels or taints"]),
    "another address of a worker": (
        THREE,
        with_members(THREE, w=member(address="192.168.0.9")),
        ["cluster.yml: new address of w"],
    ),
    "another first control-plane node": (
        FIVE,
        replace(FIVE, first="b"),
        ["cluster.yml: b becomes the first control-plane node"],
    ),
    "all at once: leave, join at the old version, then upgrade, then labels": (
        FIVE,
        replace(with_members(without(FIVE, "x"), w=member(rack="12"), y=member()), version="1.35.4", settings="s2"),
        [
            "remove-node.yml x: not declared any more",
            "scale.yml --limit y: new worker",
            "upgrade-cluster.yml: 1.35.3 -> 1.35.4",
            "kubectl w: labels or taints",
        ],
    ),
    "a removal that did not end, and the node is declared again": (
        replace(THREE, doubtful=frozenset("w")),
        THREE,
        ["scale.yml --limit w: new worker"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_runs_for_a_change(case: str) -> None:
    applied, declared, expected = CASES[case]
    assert [str(step) for step in plan(applied, declared)] == expected
    assert refusals(applied, declared) == ()


def test_nodes_join_at_the_version_in_force_and_the_upgrade_has_the_new_one() -> None:
    declared = replace(with_members(THREE, y=member()), version="1.35.4")
    assert [(step.kind, step.version) for step in plan(THREE, declared)] == [("scale", "1.35.3"), ("upgrade", "1.35.4")]


def test_a_new_control_plane_node_comes_last_whatever_its_name() -> None:
    applied = state(b=member(LEADER), c=member())
    declared = with_members(applied, a1=member(LEADER), a2=member(LEADER))
    assert declared.order[0] == "a1"
    final = run_all(applied, declared)
    assert final.leaders("etcd") == ("b", "a1", "a2")
    assert run_all(final, replace(declared, first="a2")).leaders("control-plane") == ("a2", "b", "a1")


def test_a_removed_label_is_taken_away_and_a_changed_taint_overwrites() -> None:
    before = with_members(
        THREE, w=Member(WORKER, "192.168.0.1", {"rack": "12", "old": "x"}, ("gpu=a:NoSchedule", "k:NoExecute"))
    )
    after = with_members(THREE, w=Member(WORKER, "192.168.0.1", {"rack": "13", "new": "y"}, ("gpu=b:NoSchedule",)))
    assert relabelled(before, after) == {
        "w": {"labels": ["rack=13", "new=y", "old-"], "taints": ["gpu=b:NoSchedule", "k:NoExecute-"]}
    }


REFUSED: Mapping[str, tuple[State, State, str]] = {
    "the first control-plane node leaves": (
        FIVE,
        replace(without(FIVE, "a"), deployer="b"),
        "a: is the first node of control-plane, which Kubespray cannot remove; declare it again with `kubernetes.firstControlPlane: b`",
    ),
    "a minor version is skipped": (
        THREE,
        replace(THREE, version="1.37.1"),
        "kubernetes.version: 1.35.3 -> 1.37.1 skips a minor version; upgrade to 1.36.x first",
    ),
    "an older version": (THREE, replace(THREE, version="1.35.2"), "kubernetes.version: 1.35.2 is older than 1.35.3"),
    "back during an upgrade": (
        replace(THREE, begun="1.35.4"),
        THREE,
        "kubernetes.version: an upgrade to 1.35.4 was started and is not finished; write 1.35.4 first",
    ),
    "another pod network": (
        THREE,
        replace(THREE, fixed={"kubernetes.podCidr": "10.0.0.0/16"}),
        "kubernetes.podCidr: 10.233.64.0/18 cannot change to 10.0.0.0/16 in an existing cluster",
    ),
    "a worker gains etcd": (
        THREE,
        with_members(THREE, w=member(("etcd", "worker"))),
        "w: cannot gain the role etcd while it is a member; remove the node, run pulumi up",
    ),
    "a leader loses a role": (FIVE, with_members(FIVE, b=member(WORKER)), "b: cannot lose the role control-plane, etcd"),
    "another address of a leader": (
        FIVE,
        with_members(FIVE, b=member(LEADER, address="192.168.0.9")),
        "b: its certificates name 192.168.0.1: its address cannot change to 192.168.0.9",
    ),
    "the deployer leaves": (
        replace(FIVE, deployer="w"),
        replace(without(FIVE, "w"), deployer="a"),
        "kubernetes.deployer: w is removed, and it holds the record of the cluster",
    ),
    "another deployer while a node leaves": (
        replace(FIVE, deployer="a"),
        replace(without(FIVE, "w"), deployer="b"),
        "kubernetes.deployer: w is removed, and admits a only as the deployer; write a, run pulumi up, and change",
    ),
    "a first control-plane node that is not there yet": (
        FIVE,
        replace(with_members(FIVE, d=member(LEADER), e=member(LEADER)), first="d"),
        "kubernetes.firstControlPlane: d is not a member yet",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_with_the_way_round(case: str) -> None:
    applied, declared, expected = REFUSED[case]
    actual = [str(problem) for problem in refusals(applied, declared)]
    assert [text for text in actual if text.startswith(expected)], actual


def test_all_refusals_come_at_once() -> None:
    declared = replace(without(FIVE, "a"), version="1.38.0", fixed={"kubernetes.podCidr": "10.0.0.0/16"}, deployer="b")
    assert len(refusals(FIVE, declared)) == 4


IN, OUT, HALF = "in the cluster", "not in the cluster", "half made"


def run_all(
    applied: State | None, declared: State, stop_in: int | None = None, world: dict[str, str] | None = None
) -> State:
    """Do as the deployer does; `stop_in`: the run of that number begins and does not end.

    `world` keeps what the runs did to the nodes, whatever is known of it.
    """
    world = {} if world is None else world
    for number, step in enumerate(plan(applied, declared)):
        if step.kind in (INSTALL, CLUSTER):
            touched = [name for name in declared.members if world.get(name) != IN]
        else:
            touched = list(step.nodes) if step.kind in (SCALE, REMOVE, RESET) else []
        world.update(dict.fromkeys(touched, HALF))
        applied = begin(applied, step, declared)
        if number == stop_in:
            return applied
        world.update(dict.fromkeys(touched, OUT if step.kind in (REMOVE, RESET) else IN))
        applied = end(applied, step, declared)
    assert applied is not None
    return applied


NAMES = ("a", "b", "c", "d", "e", "f", "g")
MEMBERS = st.builds(
    Member,
    roles=st.just(WORKER),
    address=st.sampled_from(["192.168.0.1", "192.168.0.2"]),
    labels=st.dictionaries(st.sampled_from(["rack", "disk"]), st.sampled_from(["1", "2"]), max_size=2),
    taints=st.lists(st.sampled_from(["gpu=a:NoSchedule", "k:NoExecute"]), max_size=2, unique=True).map(
        lambda taints: tuple(sorted(taints))
    ),
    settings=st.sampled_from(["", "own"]),
    machine=st.sampled_from(["one", "reinstalled"]),
)


@st.composite
def declarations(draw: st.DrawFn) -> State:
    """Any cluster that has its first control-plane node: what is refused for other reasons is not drawn."""
    leaders = draw(st.sampled_from([("a",), ("a", "b", "c"), ("a", "d", "e"), ("a", "c", "b")]))
    workers = draw(st.sets(st.sampled_from(["f", "g", "h", "i"])))
    members = {name: member(LEADER) for name in leaders} | {name: draw(MEMBERS) for name in sorted(workers)}
    return State(
        version=draw(st.sampled_from(["1.35.3", "1.35.4"])),
        fixed={},
        settings=draw(st.sampled_from(["s1", "s2"])),
        members=members,
        order=tuple(members),
        deployer="a",
        first=draw(st.sampled_from(["", "a"])),
    )


@settings(max_examples=400, deadline=None)
@given(declarations(), st.lists(st.tuples(declarations(), st.integers(0, 6)), max_size=4), declarations())
def test_whatever_was_interrupted_the_last_declaration_is_reached(
    first: State, interrupted: list[tuple[State, int]], last: State
) -> None:
    applied: State | None = None
    world: dict[str, str] = {}
    interrupted = [(first, 6), *interrupted] if len(interrupted) % 2 else interrupted
    for declared, stop_in in interrupted:
        if not refusals(applied, declared):
            applied = run_all(applied, declared, stop_in, world)
    if refusals(applied, last):
        return
    before = applied
    applied = run_all(applied, last, world=world)
    assert {name for name, place in world.items() if place == IN} == set(last.members)
    assert HALF not in world.values()
    assert plan(applied, last) == ()
    assert applied.members == last.members
    assert (applied.version, applied.settings, applied.begun) == (last.version, last.settings, "")
    assert applied.doubtful == applied.half_made == frozenset()
    assert next(name for name in applied.order if applied.members[name].leads) == "a"
    kinds = [step.kind for step in plan(before, last)]
    assert kinds == sorted(kinds, key=["reset", "install", "remove", "cluster", "scale", "upgrade", "label"].index)


def test_a_reinstalled_worker_joins_again_and_a_control_plane_node_does_not() -> None:
    applied = with_members(THREE, w=replace(member(), machine="one"))
    again = with_members(THREE, w=replace(member(), machine="reinstalled"))
    (step,) = plan(applied, again)
    assert (step.kind, step.nodes) == (SCALE, ("w",))
    begun = begin(applied, step, again)
    assert (begun.doubtful, begun.half_made) == (frozenset("w"), frozenset())
    assert plan(begun, again) == (step,), "it is still to be done when the run is interrupted"
    assert end(begun, step, again).members == again.members
    assert plan(end(begun, step, again), again) == ()
    one, two = (with_members(THREE, a=replace(member(LEADER), machine=machine)) for machine in ("one", "two"))
    assert plan(one, two) == ()
    assert plan(THREE, again) == (), "a record of an earlier version has no machines"


@given(declarations())
def test_what_is_written_down_is_read_again(declared: State) -> None:
    interrupted = replace(declared, doubtful=frozenset("ab"), half_made=frozenset("b"), begun="1.35.4", installed=False)
    assert from_data(to_data(interrupted)) == interrupted
