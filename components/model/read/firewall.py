"""From a section `firewall` (of the stack, of a site) to the firewall of the hosts below it."""

from components.model.read.fields import Fields
from components.model.read.ranges import read_ranges
from components.model.spec import NO_FIREWALL, Firewall, Site

_EXAMPLE = "[203.0.113.0/24]"


def parse_firewall(fields: Fields, above: Firewall = NO_FIREWALL) -> Firewall:
    """Return the firewall; fields that are not written are those of `above`. Mistakes go to the fields' problems."""
    enabled = fields.flag("enabled", default=above.enabled)
    ssh = above.ssh if fields.raw("ssh") is None else read_ranges(fields, "ssh", _EXAMPLE)
    written = fields.raw("enabled") is not None or fields.raw("ssh") == []  # else reported where it is written
    if enabled and written and not ssh and fields.raw("ssh") in (None, []):
        fields.problems.add(
            "missing",
            fields.at("ssh"),
            "is missing, and SSH would work over wg0 only",
            f"write the ranges that SSH may come from, that of Pulumi's machine among them: `ssh: {_EXAMPLE}`",
        )
    fields.finish()
    return Firewall(enabled, ssh)


def check_that_it_is_used(fields: Fields, sites: tuple[Site, ...]) -> None:
    """Report ranges at the top when no site enables a firewall and `enabled` is not written."""
    if fields.raw("ssh") and fields.raw("enabled") is None and not any(site.firewall.enabled for site in sites):
        fields.problems.add(
            "missing",
            fields.at("enabled"),
            "is missing",
            "write `enabled: true`, or `enabled: false` to have no firewall yet",
        )
