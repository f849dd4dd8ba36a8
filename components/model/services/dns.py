"""DNS records under which a service is reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.model.services.entries import Entry
from components.model.spec.families import IPV6, family_of


@dataclass(frozen=True)
class Record:
    """One record to create. `kind` is A, AAAA or CNAME; SAME_AS: the addresses that `value`, a name, has."""

    name: str
    kind: str
    value: str


SAME_AS = "A, AAAA"


def dns_records(ways: Sequence[Entry]) -> tuple[Record, ...]:
    """Return the records to create for a service; none for a service that only the mesh reaches.

    A name beside other addresses cannot be a CNAME (RFC 1034, section 3.6.2).
    """
    hosts = list(dict.fromkeys(host for entry in ways for host in entry.addresses))
    return tuple(Record(ways[0].service.name, _kind(host, alone=len(hosts) == 1), host) for host in hosts)


def _kind(host: str, *, alone: bool) -> str:
    family = family_of(host)
    if family:
        return "AAAA" if family == IPV6 else "A"
    return "CNAME" if alone else SAME_AS
