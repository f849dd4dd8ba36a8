"""Whether etcd's timers suit the round trips between its members.

By etcd's own guide (https://etcd.io/docs/v3.6/tuning/): the heartbeat interval is about the longest round trip between
members, and the election timeout at least ten times the round trip; etcd refuses one of more than 50 s. With less, a
slow moment of a link makes followers elect anew, and the API stops until they have.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from components.model.cluster.kubespray_variables import group_vars
from components.model.mesh.links import Link
from components.model.spec import ETCD, Spec

HEARTBEAT = "etcd_heartbeat_interval"
ELECTION = "etcd_election_timeout"
_MOST = 50_000
_STEP = 50


@dataclass(frozen=True)
class Timers:
    """Milliseconds."""

    heartbeat: int
    election: int

    def suit(self, round_trip: float) -> bool:
        """Tell whether members so many milliseconds apart can have these."""
        return self.heartbeat >= round_trip and self.election >= 10 * round_trip

    def widened(self, round_trip: float) -> "Timers":
        """Return timers that suit, with a fifth to spare, and are not shorter than these."""
        heartbeat = max(self.heartbeat, -int(-1.2 * round_trip // _STEP) * _STEP)
        return Timers(heartbeat, max(self.election, 10 * heartbeat))


def timers_of(spec: Spec) -> Timers | None:
    """Return the shortest timers of etcd's members; None where they are no plain numbers."""
    everywhere = group_vars(spec)
    own = [{**everywhere, **node.variables} for node in spec.with_role(ETCD)]
    try:
        return Timers(*(min(int(str(variables[name])) for variables in own) for name in (HEARTBEAT, ELECTION)))
    except ValueError:
        return None


@dataclass(frozen=True)
class TooSlow:
    """Members of etcd that are too far apart for its timers."""

    sites: tuple[str, str]
    """Between which the round trip is the longest."""
    round_trip: float
    """Milliseconds."""
    timers: Timers
    suitable: Timers | None
    """Timers that would suit; None: etcd allows none."""


def too_slow(spec: Spec, links: Iterable[Link]) -> TooSlow | None:
    """Return what is wrong with etcd's timers; None when they suit, or nothing is known."""
    members = {node.site for node in spec.with_role(ETCD)}
    between = [(link.latency_ms, link.sites) for link in links if link.latency_ms and members.issuperset(link.sites)]
    timers = timers_of(spec)
    if not between or timers is None:
        return None
    longest, sites = max(between)
    if timers.suit(longest):
        return None
    suitable = timers.widened(longest)
    return TooSlow(sites, longest, timers, suitable if suitable.election <= _MOST else None)
