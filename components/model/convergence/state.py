"""What a cluster is: as declared, and as the last runs left it."""

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
    """A short name for the variables of this node alone."""

    @property
    def leads(self) -> bool:
        """Whether it is of the control plane or of etcd: Kubespray has other ways for these than for workers."""
        return bool(LEADING & set(self.roles))


@dataclass(frozen=True)
class State:
    """A cluster, as declared or as the last runs left it."""

    version: str
    """Of Kubernetes, without a leading v."""
    fixed: Mapping[str, str]
    """Fields that a cluster keeps for its life (networks, plug-in), by their path in the configuration."""
    settings: str
    """A short name for everything else that playbooks bring about; empty: not known, because a run did not end."""
    members: Mapping[str, Member]
    order: tuple[str, ...]
    """Names of the members as Kubespray's groups have them: the first leads, new ones come last."""
    deployer: str
    """The node that runs the playbooks and keeps this."""
    first: str = ""
    """The control-plane node that shall be the first; empty: the order stays."""
    installed: bool = True
    """False: the first run has begun and did not end."""
    doubtful: frozenset[str] = frozenset()
    """Members of which it is not known whether they are in the cluster, because a run did not end."""
    half_made: frozenset[str] = frozenset()
    """Those of them that have never been a member: the run that was to add them did not end."""
    begun: str = ""
    """The version of an upgrade that has begun and did not end."""

    def leaders(self, role: str) -> tuple[str, ...]:
        """Return the members with a role, the first of Kubespray's group first."""
        return tuple(name for name in self.order if name in self.members and role in self.members[name].roles)

    def joins(self, name: str, declared: "State") -> bool:
        """Whether a node is declared and not, or not surely, a member."""
        return name in declared.members and (name not in self.members or name in self.doubtful)

    def wants(self, declared: "State") -> tuple[str, ...]:
        """Return all names, those that leave too, in the order that Kubespray's groups must have."""
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
    return Member(_texts(data["roles"]), str(data["address"]), labels, _texts(data["taints"]), str(data["settings"]))


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
