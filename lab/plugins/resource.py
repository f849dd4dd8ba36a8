"""Interface between the protocol's server and the resources of the two plug-ins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.plugins.diff import Kind
    from lab.plugins.engine import ResourceLog
    from lab.plugins.values import Properties


class OperationError(Exception):
    """An operation failed; the message goes to the user as it is."""


@dataclass(frozen=True)
class Failure:
    """A mistake in an input; ``property_name`` is the top-level input."""

    property_name: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """Checked inputs, with defaults and marked secrets."""

    inputs: Properties
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Change:
    """A diff. ``changed`` and ``replaces`` are top-level inputs; ``detailed`` is None when there are no paths."""

    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    detailed: dict[str, Kind] | None = None


@dataclass(frozen=True)
class Request:
    """A create, update or delete. A preview must not change anything, and its outputs may be unknown."""

    urn: str
    log: ResourceLog
    preview: bool = False

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Created:
    """A new resource: its id and its state."""

    id: str
    outputs: Properties = field(repr=False)


class Resource(ABC):
    """A kind of resource. Every operation raises OperationError with a message for the user."""

    @abstractmethod
    def check(self, inputs: Properties) -> Checked:
        """Validate and complete inputs."""

    @abstractmethod
    def diff(self, state: Properties, old_inputs: Properties, inputs: Properties) -> Change:
        """Compare the state with the new inputs."""

    @abstractmethod
    async def create(self, request: Request, inputs: Properties) -> Created:
        """Make the resource."""

    @abstractmethod
    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:
        """Change the resource in place; return its new state."""

    async def delete(self, request: Request, state: Properties) -> None:  # noqa: B027 - nothing to do is a fair default
        """Remove the resource."""
