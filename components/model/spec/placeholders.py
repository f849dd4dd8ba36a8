"""Placeholders for values that could not be read. Readers record the mistake, and checks ignore the placeholder."""

from ipaddress import IPv4Address, IPv4Network

MISSING_ADDRESS = IPv4Address("0.0.0.0")  # noqa: S104 - no address of a host
MISSING_NETWORK = IPv4Network("0.0.0.0/32")
