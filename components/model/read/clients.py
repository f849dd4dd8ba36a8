"""From the section `clients` of the configuration to roaming clients."""

from ipaddress import AddressValueError, IPv4Address

from components.model.mesh.addressing import derived_address
from components.model.read.fields import Fields
from components.model.read.host_port import is_host
from components.model.spec import Client, Site
from components.model.spec.placeholders import MISSING_ADDRESS


def parse_clients(fields: Fields, sites: tuple[Site, ...]) -> tuple[Client, ...]:
    """Return the clients, in alphabetical order; mistakes are noted in the fields' problems."""
    ranges = {site.name: site for site in sites if site.clients}
    return tuple(_client(name, fields.sub(name), ranges) for name in sorted(fields.names()))


def _client(name: str, fields: Fields, ranges: dict[str, Site]) -> Client:
    site = _site(fields, ranges)
    client = Client(
        name=name,
        site=site.name if site else "",
        address=_address(name, fields, site),
        dns=_dns(fields),
        rotation=fields.optional_text("rotation", "2027-01") or "",
    )
    fields.finish()
    return client


def _site(fields: Fields, ranges: dict[str, Site]) -> Site | None:
    """Return the site whose gateway the client dials: the only one that takes clients, when none is named.

    A default that moves when another site begins to take clients would lock out a device that nobody can reach.
    """
    name = fields.optional_text("site", next(iter(ranges), "mwt2"))
    if name is None and len(ranges) == 1:
        return next(iter(ranges.values()))
    if name is None and ranges:
        fields.problems.add(
            "missing",
            fields.at("site"),
            f"is missing, and {', '.join(ranges)} take clients",
            f"write the one whose gateway it shall dial, for example `site: {next(iter(ranges))}`",
        )
    elif name and ranges and name not in ranges:
        fields.problems.add(
            "not-a-clients-site",
            fields.at("site"),
            f"{name} is not a site that has `clients`",
            f"write one of {', '.join(ranges)}",
        )
    return ranges.get(name or "")


def _address(name: str, fields: Fields, site: Site | None) -> IPv4Address:
    text = fields.optional_text("address", "192.168.0.200")
    if text is None:
        return derived_address(name, site.clients) if site and site.clients else MISSING_ADDRESS
    try:
        return IPv4Address(text)
    except AddressValueError:
        of_range = f" of {site.clients}" if site else ""
        fields.problems.add(
            "not-an-address", fields.at("address"), f"{text!r} is not an IPv4 address", f"write one{of_range}"
        )
        return MISSING_ADDRESS


def _dns(fields: Fields) -> tuple[str, ...]:
    words = fields.texts("dns", (), "[192.0.2.53, example.org]")
    for word in words:
        if not is_host(word):
            fields.problems.add(
                "not-a-host",
                fields.at("dns"),
                f"{word!r} is neither an address nor a domain",
                "write `[192.0.2.53, example.org]`",
            )
    return words
