"""What stands for a value that could not be read: the mistake is noted, and checks leave the placeholder alone."""

from ipaddress import IPv4Address, IPv4Network

MISSING_ADDRESS = IPv4Address("0.0.0.0")  # noqa: S104 - no address of a host
MISSING_NETWORK = IPv4Network("0.0.0.0/32")
