"""Common base of the random resources: a change of any argument replaces the resource.

The official plug-in is a Terraform provider behind a bridge. The bridge sends no property paths in a diff and compares
the old state with the planned one, which includes defaults.
"""

from __future__ import annotations

from abc import abstractmethod

from lab.plugins.resource import Change, Checked, Created, Failure, OperationError, Request, Resource
from lab.plugins.values import Properties, Unknown, Value, equal, plain


class Bridged(Resource):
    """A random resource; ``arguments`` maps each input to its type."""

    arguments: dict[str, type]
    length_description: str

    @abstractmethod
    def planned(self, inputs: Properties) -> Properties:
        """Return the known part of the state for these inputs, with defaults. Raises OperationError."""

    @abstractmethod
    def generate(self, planned: Properties) -> Created:
        """Generate the secret."""

    @abstractmethod
    def unknowns(self) -> Properties:
        """Return the outputs that are unknown in a preview."""

    def shortest(self, inputs: Properties) -> Failure | None:
        """Return a failure if the length is known and too short."""
        length = inputs["length"]
        if isinstance(length, float) and length < 1:
            return too_short("1", length)
        return None

    def check(self, inputs: Properties) -> Checked:
        """Check inputs. As in the official plug-in, a wrong type fails the call; other mistakes are failures."""
        inputs = {key: plain(value) for key, value in inputs.items()}
        for name, wanted in self.arguments.items():
            value = inputs.get(name)
            if value is not None and not isinstance(value, wanted | Unknown):
                noun = {float: "Number", bool: "Boolean", str: "String", dict: "Map"}[wanted]
                message = f"property {name!r}: expected a {noun}"
                raise OperationError(message)
        if "length" not in inputs:
            reason = f"Missing required property 'length': {self.length_description}"
            return Checked(inputs, (Failure("", reason),))
        failure = self.shortest(inputs)
        return Checked(inputs, (failure,) if failure else ())

    def diff(self, state: Properties, old_inputs: Properties, inputs: Properties) -> Change:  # noqa: ARG002
        """Compare arguments; every change replaces the resource."""
        old = {key: plain(value) for key, value in state.items()}
        new = self.planned(inputs)
        changed = tuple(name for name in sorted(old.keys() | new.keys()) if self._differs(name, old, new))
        return Change(changed=changed, replaces=changed)

    def _differs(self, name: str, old: Properties, new: Properties) -> bool:
        return name in self.arguments and not equal(old.get(name), new.get(name))

    async def create(self, request: Request, inputs: Properties) -> Created:
        """Generate the secret, which the state then holds."""
        planned = self.planned(inputs)
        if request.preview:
            return Created("", planned | self.unknowns())
        return self.generate(planned)

    async def update(self, request: Request, state: Properties, inputs: Properties) -> Properties:  # noqa: ARG002
        """Return the state with the new inputs; no change needs more."""
        return state | self.planned(inputs)


def arguments_of(inputs: Properties, names: dict[str, type]) -> Properties:
    """Return the resource's inputs, with the values of keepers as texts."""
    known = {key: plain(value) for key, value in inputs.items() if key in names}
    keepers = known.get("keepers")
    if isinstance(keepers, dict):
        known["keepers"] = {key: _text(value) for key, value in keepers.items()}
    return known


def _text(value: Value) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else value


def too_short(least: str, length: float) -> Failure:
    """Return the failure of a length below ``least``."""
    reason = (
        f"Invalid Attribute Value. Attribute length value must be at least {least}, got: {length:g}. "
        "Examine values at 'length'."
    )
    return Failure("", reason)
