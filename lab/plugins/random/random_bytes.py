"""RandomBytes: bytes from the system's generator. The value is also the resource's id, in clear text in the state."""

from __future__ import annotations

import base64
import secrets

from lab.plugins.random.bridged import Bridged, arguments_of
from lab.plugins.resource import Created
from lab.plugins.values import Properties, Secret, Unknown


class RandomBytes(Bridged):
    """``random:index/randomBytes:RandomBytes``; base64 and hex are secret, but the id is base64 in clear text."""

    arguments = {"keepers": dict, "length": float}  # noqa: RUF012 - a table, never changed
    length_description = "The number of bytes requested. The minimum value for length is 1."

    def planned(self, inputs: Properties) -> Properties:
        """Return the arguments: there are no defaults."""
        return arguments_of(inputs, self.arguments)

    def unknowns(self) -> Properties:
        """Return both forms of the value."""
        return {"base64": Unknown(), "hex": Unknown()}

    def generate(self, planned: Properties) -> Created:
        """Generate the requested number of bytes."""
        length = planned["length"]
        assert isinstance(length, float)  # noqa: S101 - Check saw to it
        value = secrets.token_bytes(int(length))
        text = base64.b64encode(value).decode()
        return Created(text, planned | {"base64": Secret(text), "hex": Secret(value.hex())})
