"""Programs of the cluster as public services, behind the real kube-proxy: through the tunnel, directly, and by UDP."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.pods import pod
from tests.examples import TREE
from tests.lab.place import HOSTS, STACK, kubectl, lab, on, pulumi, wait_until

UVIC, WORKER = "uvic001.hl-lhc.io", "uchicago005.hl-lhc.io"
MWT2 = ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]
SERVICES = {
    "closed": {"port": 8080, "nodePort": 30080, "from": "public", "at": ["uvic"]},
    "opened": {"port": 8081, "nodePort": 30081, "from": "public", "at": ["mwt2"]},
    "names": {"port": 5353, "protocol": "udp", "nodePort": 30053, "from": "public", "at": ["mwt2"]},
}
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
ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=4).read().decode())"
ASK_NAMES = """
import socket, sys
question = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[3].split(".")) + b"\\0\\0\\1\\0\\1"
client = socket.socket(type=socket.SOCK_DGRAM)
client.settimeout(4)
client.sendto(b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + question, (sys.argv[1], int(sys.argv[2])))
answer, place = client.recvfrom(512)
print(place[0], socket.inet_ntoa(answer[-4:]) if answer[6:8] != b"\\0\\0" else "unknown")
"""


def asked(program: str, *words: str) -> list[str]:
    """Return what a client on the WAN is answered; nothing where nobody answers."""
    done = lab("exec", "operator", "--", sys.executable, "-c", program, *words, check=False)
    return done.stdout.split() if done.returncode == 0 else []


@pytest.fixture(scope="module")
def declared(cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, list[str]]]]:
    """The programs run, and the stack has them as services; yields its output `services`."""
    programs = "".join(
        pod(name, node, test="public", service=name) + NODE_PORT.format(name=name, port=port)
        for name, node, port in (("closed", UVIC, 30080), ("opened", WORKER, 30081))
    )
    kubectl(cluster, "apply", "-f", "-", stdin=programs + CLUSTER_DNS)
    kubectl(cluster, "wait", "--for=condition=Ready", "pod", "-l", "test=public", "--timeout=120s")
    config = yaml.safe_load((TREE / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"))
    config["config"]["stretched:services"] = SERVICES
    file = tmp_path_factory.mktemp("services") / f"Pulumi.{STACK}.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    pulumi("up", "--yes", "--skip-preview", "--config-file", str(file), "--stack", STACK)
    yield json.loads(pulumi("stack", "output", "services", "--json", "--stack", STACK).stdout)
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    kubectl(cluster, "delete", "pod,service", "-A", "-l", "test=public", "--wait=false")


def test_the_private_site_is_reached_through_each_entry_and_the_public_one_directly(
    declared: dict[str, dict[str, list[str]]],
) -> None:
    assert sorted(declared["opened"]["addresses"]) == MWT2
    assert len(declared["closed"]["addresses"]) == 2
    for name, port, node in (("closed", 8080, UVIC), ("opened", 8081, WORKER)):
        for address in declared[name]["addresses"]:
            url = f"http://{address}:{port}/"
            wait_until(lambda: asked(ASK, url)[:2] == [name, node], 30, f"{url} is answered at {node}")  # noqa: B023 - at once


def test_udp_is_answered_from_the_address_that_was_asked_by_the_entry_itself_too(
    declared: dict[str, dict[str, list[str]]],
) -> None:
    for address in declared["names"]["addresses"]:
        words = (address, "5353", "kubernetes.default.svc.cluster.local")
        wait_until(lambda: asked(ASK_NAMES, *words) == [address, "10.233.0.1"], 30, f"{address} knows names")  # noqa: B023 - at once


@pytest.mark.usefixtures("declared")
def test_node_ports_stay_shut_from_outside() -> None:
    for port in (30080, 30081):
        for address in MWT2:
            assert not asked(ASK, f"http://{address}:{port}/")


@pytest.mark.usefixtures("declared")
def test_services_that_are_not_declared_any_more_are_gone() -> None:
    pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    for url in ("http://192.0.2.5:8081/", "http://192.0.2.2:8080/"):
        assert not asked(ASK, url)
    for host in HOSTS:
        on(
            host,
            "sh",
            "-c",
            "test ! -e /etc/stretched/services && ! nft list table inet stretched_services 2>/dev/null",
        )
