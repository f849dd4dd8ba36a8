"""Programs of the cluster as public services, behind the real kube-proxy: through the tunnel, directly, and by UDP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.pods import pod
from tests.cluster.services.clients import ASK, ASK_NAMES, asked, taken
from tests.cluster.services.output import Told
from tests.lab.place import kubectl, wait_until

pytestmark = pytest.mark.long

UVIC, WORKER = "uvic001.hl-lhc.io", "uchicago005.hl-lhc.io"
MWT2 = ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]
NODE_PORT = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, labels: {{test: public}}}}
spec: {{type: NodePort, selector: {{service: {name}}}, ports: [{{port: 80, nodePort: {port}}}]}}
---
"""
CLUSTER_DNS = """
apiVersion: v1
kind: Service
metadata: {name: names, namespace: kube-system, labels: {test: public}}
spec: {type: NodePort, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP, nodePort: 30053}]}
"""


@pytest.fixture(scope="module", autouse=True)
def programs(cluster: Path) -> Iterator[None]:
    """The pods run, with their NodePorts."""
    manifests = "".join(
        pod(name, node, test="public", service=name) + NODE_PORT.format(name=name, port=port)
        for name, node, port in (("closed", UVIC, 30080), ("opened", WORKER, 30081))
    )
    kubectl(cluster, "apply", "-f", "-", stdin=manifests + CLUSTER_DNS)
    kubectl(cluster, "wait", "--for=condition=Ready", "pod", "-l", "test=public", "--timeout=1200s")
    yield
    kubectl(cluster, "delete", "pod,service", "-A", "-l", "test=public", "--wait=false")


def test_the_private_site_is_reached_through_each_entry_and_the_public_one_directly(
    declared: Told,
) -> None:
    assert sorted(declared["opened"]["addresses"]) == MWT2
    assert len(declared["closed"]["addresses"]) == 2
    for name, port, node in (("closed", 8080, UVIC), ("opened", 8081, WORKER)):
        for address in declared[name]["addresses"]:
            url = f"http://{address}:{port}/"
            wait_until(lambda: asked(ASK, url)[:2] == [name, node], 30, f"{url} is answered at {node}")  # noqa: B023 - at once


def test_udp_is_answered_from_the_address_that_was_asked_by_the_entry_itself_too(
    declared: Told,
) -> None:
    for address in declared["names"]["addresses"]:
        words = (address, "5353", "kubernetes.default.svc.cluster.local")
        wait_until(lambda: asked(ASK_NAMES, *words) == [address, "10.233.0.1"], 30, f"{address} knows names")  # noqa: B023 - at once


@pytest.mark.usefixtures("declared")
def test_node_ports_stay_shut_from_outside() -> None:
    assert taken((address, port) for address in MWT2 for port in (30080, 30081)) == []
