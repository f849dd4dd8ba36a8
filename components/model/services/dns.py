"""DNS records for the names of services."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.model.services.entries import Entry
from components.model.spec.families import IPV6, family_of


@dataclass(frozen=True)
class Record:
    """A record to create. `kind` is A, AAAA, CNAME, or SAME_AS: the addresses of the name `value`, as A and AAAA."""

    name: str
    kind: str
    value: str


SAME_AS = "A, AAAA"


def dns_records(entries: Sequence[Entry]) -> tuple[Record, ...]:
    """Return the records to create for the entries of one service; none for a service of the mesh only.

    A CNAME must be the only record of its name (RFC 1034, section 3.6.2).
    """
    hosts = list(dict.fromkeys(host for entry in entries for host in entry.addresses))
    return tuple(Record(entries[0].service.name, _kind(host, alone=len(hosts) == 1), host) for host in hosts)


def _kind(host: str, *, alone: bool) -> str:
    family = family_of(host)
    if family:
        return "AAAA" if family == IPV6 else "A"
    return "CNAME" if alone else SAME_AS
