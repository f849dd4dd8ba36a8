"""From the section `clients` of the configuration to roaming clients."""

from ipaddress import IPv4Address

from components.model.mesh.addressing import derived_address
from components.model.problems import printable, shown
from components.model.read.fields import Fields
from components.model.read.host_port import special_host
from components.model.read.ranges import read_own_address
from components.model.spec import Client, Site
from components.model.spec.placeholders import MISSING_ADDRESS
from components.model.values.name import parse_host


def parse_clients(fields: Fields, sites: tuple[Site, ...]) -> tuple[Client, ...]:
    """Return the clients, in alphabetical order; mistakes are added to the fields' problems."""
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
    """Return the site whose gateway the client connects to: the only one with `clients`, when none is written.

    A default that changed when a second site gets `clients` would lock out devices that are out of reach.
    """
    name = fields.optional_text("site", next(iter(ranges), "mwt2"))
    if name is None and len(ranges) == 1:
        return next(iter(ranges.values()))
    if name is None and ranges:
        fields.problems.add(
            "missing",
            fields.at("site"),
            f"is missing, and several sites have `clients`: {', '.join(ranges)}",
            f"write the site whose gateway it connects to, for example `site: {next(iter(ranges))}`",
        )
    elif name and ranges and name not in ranges:
        fields.problems.add(
            "not-a-clients-site",
            fields.at("site"),
            f"{printable(name)} is not a site that has `clients`",
            f"write one of {', '.join(ranges)}",
        )
    return ranges.get(name or "")


def _address(name: str, fields: Fields, site: Site | None) -> IPv4Address:
    if fields.raw("address") is None:
        return derived_address(name, site.clients) if site and site.clients else MISSING_ADDRESS
    return read_own_address(fields, f"write one of {site.clients}" if site else "write one of the site's `clients`")


def _dns(fields: Fields) -> tuple[str, ...]:
    example = "[192.0.2.53, example.org]"
    hosts = []
    for word in fields.texts("dns", (), example):
        try:
            host = parse_host(word)
        except ValueError:
            host = ""
        if not host or special_host(host, loopback=True):
            what = f"{shown(word)} is neither an address of a host nor a domain"
            fields.wrong("not-a-host", "dns", what, f"write `{example}`")
        else:
            hosts.append(host)
    return tuple(hosts)
