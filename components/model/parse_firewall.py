"""From a section `firewall` of the configuration to what the hosts below it have; a site's says what is other there."""

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from components.model.fields import Fields
from components.model.spec import NO_FIREWALL, Firewall, Site

_EXAMPLE = "[203.0.113.0/24]"


def parse_firewall(fields: Fields, above: Firewall = NO_FIREWALL) -> Firewall:
    """Return the firewall; mistakes are noted in the fields' problems. What is not written is as `above`."""
    enabled = fields.flag("enabled", default=above.enabled)
    ssh = above.ssh if fields.raw("ssh") is None else _ranges(fields)
    written = fields.raw("enabled") is not None or fields.raw("ssh") == []  # else it is told where it is written
    if enabled and written and not ssh and fields.raw("ssh") in (None, []):
        fields.problems.add(
            fields.at("ssh"),
            "is missing, and nobody could log in by SSH but over wg0",
            f"write the ranges that SSH may come from, that of Pulumi's machine among them: `ssh: {_EXAMPLE}`",
        )
    fields.finish()
    return Firewall(enabled, ssh)


def check_that_it_is_used(fields: Fields, sites: tuple[Site, ...]) -> None:
    """Note ranges for all sites where no site has a firewall and nobody said that this is meant."""
    if fields.raw("ssh") and fields.raw("enabled") is None and not any(site.firewall.enabled for site in sites):
        fields.problems.add(
            fields.at("enabled"), "is missing", "write `enabled: true`, or `enabled: false` to have no firewall yet"
        )


def _ranges(fields: Fields) -> tuple[IPv4Network | IPv6Network, ...]:
    found: list[IPv4Network | IPv6Network] = []
    for text in fields.texts("ssh", (), _EXAMPLE):
        try:
            found.append(ip_network(text))
        except ValueError:
            fields.problems.add(
                fields.at("ssh"), f"{text!r} is neither a range in CIDR form nor an address", _instead(text)
            )
    return tuple(found)


def _instead(text: str) -> str:
    try:
        return f"write {ip_interface(text).network}"  # the range had bits of a host
    except ValueError:
        return f"write for example `ssh: {_EXAMPLE}`"
