"""The form of the stack's output `services`."""

from typing import TypedDict


class Service(TypedDict):
    """A part of what the output says of a service."""

    addresses: list[str]
    port: int
    protocol: str


Told = dict[str, Service]
"""The output `services`."""
