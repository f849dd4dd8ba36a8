"""The state of a cluster: as declared, or as the last runs left it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONTROL_PLANE = "control-plane"
ETCD = "etcd"
LEADING = {CONTROL_PLANE, ETCD}


@dataclass(frozen=True)
class Member:
    """One node of the cluster. Taints are `key=value:Effect`."""

    roles: tuple[str, ...]
    address: str
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    settings: str = ""
    """Digest of the variables of this node alone."""
    machine: str = ""
    """Digest of its host key; empty: not known, because an earlier version wrote this."""

    @property
    def leads(self) -> bool:
        """Whether it is a control-plane or etcd node: Kubespray has other playbooks for these than for workers."""
        return bool(LEADING & set(self.roles))


@dataclass(frozen=True)
class State:
    """A cluster, as declared or as the last runs left it."""

    version: str
    """Kubernetes version, without a leading v."""
    fixed: Mapping[str, str]
    """Fields that a cluster keeps for its life (networks, plug-in), by their path in the configuration."""
    settings: str
    """Digest of everything else that playbooks set; empty: not known, because a run did not finish."""
    members: Mapping[str, Member]
    order: tuple[str, ...]
    """Names of the members in the order of Kubespray's groups: the first leads, new ones come last."""
    deployer: str
    """The node that runs the playbooks and stores this state."""
    first: str = ""
    """The control-plane node that becomes the first; empty: the order stays."""
    installed: bool = True
    """False: the first run was started and is not finished."""
    doubtful: frozenset[str] = frozenset()
    """Members that may or may not be in the cluster, because a run did not finish."""
    half_made: frozenset[str] = frozenset()
    """The doubtful ones that never were members: the run that was to add them did not finish."""
    begun: str = ""
    """The version of an upgrade that was started and is not finished."""

    def leaders(self, role: str) -> tuple[str, ...]:
        """Return the members with a role, the first of Kubespray's group first."""
        return tuple(name for name in self.order if name in self.members and role in self.members[name].roles)

    def joins(self, name: str, declared: "State") -> bool:
        """Whether a node is declared and is not, or may not be, a member, or is a worker that was reinstalled.

        A reinstalled control-plane or etcd node does not join by itself: its member of etcd has to leave first.
        """
        if name not in declared.members:
            return False
        if name not in self.members or name in self.doubtful:
            return True
        was, wanted = self.members[name], declared.members[name]
        return bool(was.machine) and was.machine != wanted.machine and not was.leads

    def wants(self, declared: "State") -> tuple[str, ...]:
        """Return all names, those of leaving members too, in the order for Kubespray's groups."""
        known = self.order if self.installed else ()
        return in_order(known, (*declared.order, *declared.members), declared.first)


def in_order(known: Sequence[str], declared: Iterable[str], first: str) -> tuple[str, ...]:
    """Return all names, those known before the others, and `first` before all where it is one of them."""
    names = list(dict.fromkeys([*known, *declared]))
    if first in names:
        names.remove(first)
        names.insert(0, first)
    return tuple(names)


def to_data(state: State) -> dict[str, object]:
    """Return a state as plain data, for JSON and for Pulumi's outputs."""
    return {
        "version": state.version,
        "fixed": dict(state.fixed),
        "settings": state.settings,
        "members": {
            name: {
                "roles": list(member.roles),
                "address": member.address,
                "labels": dict(member.labels),
                "taints": list(member.taints),
                "settings": member.settings,
                "machine": member.machine,
            }
            for name, member in state.members.items()
        },
        "order": list(state.order),
        "deployer": state.deployer,
        "first": state.first,
        "installed": state.installed,
        "doubtful": sorted(state.doubtful),
        "half_made": sorted(state.half_made),
        "begun": state.begun,
    }


def from_data(data: Mapping[str, object]) -> State:
    """Read what `to_data` returned. Raises KeyError or TypeError for anything else."""
    members = _mapping(data["members"])
    return State(
        version=str(data["version"]),
        fixed={path: str(value) for path, value in _mapping(data["fixed"]).items()},
        settings=str(data["settings"]),
        members={name: _member(_mapping(member)) for name, member in members.items()},
        order=_texts(data["order"]),
        deployer=str(data["deployer"]),
        first=str(data["first"]),
        installed=bool(data["installed"]),
        doubtful=frozenset(_texts(data["doubtful"])),
        half_made=frozenset(_texts(data.get("half_made", ()))),  # not written by earlier versions
        begun=str(data["begun"]),
    )


def _member(data: Mapping[str, object]) -> Member:
    labels = {key: str(value) for key, value in _mapping(data["labels"]).items()}
    return Member(
        _texts(data["roles"]),
        str(data["address"]),
        labels,
        _texts(data["taints"]),
        str(data["settings"]),
        str(data.get("machine", "")),  # not written by earlier versions
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        message = f"{value!r} is not a mapping"
        raise TypeError(message)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        message = f"{value!r} is not a list"
        raise TypeError(message)
    return tuple(map(str, value))
