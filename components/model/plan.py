"""The plan of a specification: the decisions that other modules build upon, made once and passed on."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.model.mesh.routing import Routes, route
from components.model.services.entries import Entry, entries_of
from components.model.services.public_hosts import PublicHosts, public_hosts
from components.model.services.serving import Serving, servings
from components.model.spec import Spec


@dataclass(frozen=True)
class Plan:
    """A specification, and the decisions that follow from it."""

    spec: Spec
    routes: Routes
    public: PublicHosts
    """Addresses at which nodes are reached from outside the mesh."""
    entries: tuple[Entry, ...]
    """Nodes where services enter, in the order of the services and of their nodes."""
    serving: Mapping[str, Serving]
    """What each node does for services, by the node's name."""


def plan_of(spec: Spec) -> Plan:
    """Return the plan of a specification. Its nodes must have different names; it may have other problems."""
    public = public_hosts(spec)
    entries = entries_of(spec, public)
    return Plan(spec, route(spec), public, entries, servings(spec, entries))
