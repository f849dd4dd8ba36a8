"""What was declared is gone when it is not declared any more. The last test of the directory, because they share the services."""

import pytest

from tests.cluster.services.clients import taken
from tests.cluster.services.output import Told
from tests.lab.place import HOSTS, STACK, on, pulumi, wait_for

pytestmark = pytest.mark.long


def test_services_that_are_not_declared_any_more_are_gone(declared: Told) -> None:
    tcp = [service for service in declared.values() if service["protocol"] == "tcp"]
    places = [(address, service["port"]) for service in tcp for address in service["addresses"]]
    wait_for(lambda: sorted(taken(places)), sorted(places), 20, "all are there")
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    assert taken(places) == []
    gone = "test ! -e /etc/stretched/services && ! nft list table inet stretched_services 2>/dev/null"
    for host in HOSTS:
        on(host, "sh", "-c", gone)
