"""Ranges of addresses as they are written: a list of `203.0.113.0/24`, `2001:db8::/32` or addresses."""

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from components.model.read.fields import Fields


def read_ranges(fields: Fields, name: str, example: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the ranges of a field, without those that cannot be read."""
    found: list[IPv4Network | IPv6Network] = []
    for text in fields.texts(name, (), example):
        try:
            found.append(ip_network(text))
        except ValueError:
            fields.problems.add(
                "not-a-range",
                fields.at(name),
                f"{text!r} is neither a range in CIDR form nor an address",
                _instead(text, name, example),
            )
    return tuple(found)


def _instead(text: str, name: str, example: str) -> str:
    try:
        return f"write {ip_interface(text).network}"  # the range had bits of a host
    except ValueError:
        return f"write for example `{name}: {example}`"
