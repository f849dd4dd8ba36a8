"""The warning that etcd's members are too far apart for its timers."""

from components.model.cluster.etcd_timers import ELECTION, HEARTBEAT, TooSlow


def etcd_warning(slow: TooSlow) -> str:
    """Return the warning, with the values to set where there are any."""
    timers, suitable = slow.timers, slow.suitable
    problem = (
        f"etcd's members are too far apart for its timers: a round trip between {' and '.join(slow.sites)} takes "
        f"{slow.round_trip:.0f} ms, the heartbeat interval is {timers.heartbeat} ms, the election timeout "
        f"{timers.election}. "
    )
    if suitable is None:
        return f"{problem}etcd allows no election timeout that suits: give the role etcd to nodes that are nearer"
    return (
        f'{problem}Write `{HEARTBEAT}: "{suitable.heartbeat}"` and `{ELECTION}: "{suitable.election}"` below '
        "kubernetes.variables, or give the role etcd to nodes that are nearer"
    )
