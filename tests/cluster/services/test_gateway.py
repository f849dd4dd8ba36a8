"""HTTP by the Gateway API: docs/gateway.md as it stands there, in the example cluster, for a program at the private site."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.pods import pod
from tests.cluster.services import gateway
from tests.cluster.services.clients import asked as asked_by
from tests.cluster.services.clients import taken
from tests.cluster.services.output import Told
from tests.lab.place import kubectl, wait_for, wait_until
from tests.support.examples import TREE

pytestmark = pytest.mark.long

NAME = "portal.example.org"
UVIC = "uvic001.hl-lhc.io"
OPERATOR = "203.0.113.200"
WORKERS = {
    "uchicago005.hl-lhc.io": "192.168.0.5",
    "umich001.hl-lhc.io": "192.168.0.6",
    "msu001.hl-lhc.io": "192.168.0.7",
}
"""Those of the sites that have the gateways, with their addresses of wg0."""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: portal}
spec: {selector: {app: portal}, ports: [{port: 80}]}
"""
REDIRECT = """
import http.client, sys
client = http.client.HTTPConnection(sys.argv[1], timeout=120)
client.request("GET", "/page?number=1", headers={"Host": sys.argv[2]})
answer = client.getresponse()
print(answer.status, answer.getheader("location"))
"""


@pytest.fixture(scope="module")
def ca(cluster: Path, declared: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:  # noqa: ARG001
    """Gateways, a route and its program run; yields the file with the certificate of the site's name."""
    directory = tmp_path_factory.mktemp("gateway")
    gateway.import_image(WORKERS, directory)
    kubectl(cluster, "apply", "--server-side", "-f", "-", stdin=gateway.kinds())
    kubectl(cluster, "wait", "--for=condition=Established", "crd", "--all", "--timeout=600s")
    kubectl(cluster, "apply", "-f", "-", stdin=gateway.page("traefik.yaml"))
    public, key = gateway.certificate(NAME)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "portal-tls", "namespace": "gateway"},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": public, "tls.key": key},
    }
    kubectl(cluster, "apply", "-f", "-", stdin=json.dumps(secret))
    kubectl(cluster, "apply", "-f", "-", stdin=pod("portal", UVIC, app="portal") + SERVICE)
    for name in ("gateway.yaml", "route.yaml"):
        kubectl(cluster, "apply", "-f", "-", stdin=gateway.page(name))
    kubectl(cluster, "-n", "gateway", "rollout", "status", "daemonset/traefik", "--timeout=1200s")
    kubectl(cluster, "wait", "--for=condition=Ready", "pod/portal", "--timeout=1200s")
    file = directory / "ca.pem"
    file.write_text(public, encoding="utf-8")
    yield file
    for name in ("route.yaml", "gateway.yaml", "traefik.yaml"):
        kubectl(cluster, "delete", "-f", "-", stdin=gateway.page(name))
    kubectl(cluster, "delete", "pod,service", "portal")
    kubectl(cluster, "delete", "-f", "-", stdin=gateway.kinds())


def client(ca: Path, addresses: list[str], *words: str) -> list[str]:
    """Return the command of an HTTPS client on the WAN."""
    program = Path(__file__).with_name("https_client.py")
    command = [sys.executable, "-m", "lab", "exec", "operator", "--", sys.executable, str(program), *words]
    return [*command, str(ca), NAME, *addresses]


def asked(ca: Path, addresses: list[str]) -> dict[str, list[str]]:
    """Return the words that a client on the WAN is told at each address."""
    done = subprocess.run(client(ca, addresses), cwd=TREE, stdout=subprocess.PIPE, text=True, check=True)
    return {address: told.split() for address, told in json.loads(done.stdout)["told"].items()}


def test_gateways_run_at_the_workers_of_the_named_sites_and_nowhere_else(cluster: Path, ca: Path) -> None:  # noqa: ARG001
    found = json.loads(kubectl(cluster, "-n", "gateway", "get", "pods", "-o", "json"))["items"]
    assert {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in found} == WORKERS
    (daemons,) = [one for one in yaml.safe_load_all(gateway.page("traefik.yaml")) if one["kind"] == "DaemonSet"]
    terms = daemons["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    (term,) = terms["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    sites = gateway.services()["https"]["at"]
    assert term["matchExpressions"] == [{"key": "site", "operator": "In", "values": sites}]


def test_https_at_every_entry_leads_to_the_program_which_is_told_who_asks(declared: Told, ca: Path) -> None:
    addresses = declared["https"]["addresses"]
    assert len(addresses) == 6, "four public nodes at mwt2, two at aglt2"
    expected = {address: ["portal", UVIC, OPERATOR] for address in addresses}

    def told() -> dict[str, list[str]]:
        return {address: [*words[:2], *words[3:]] for address, words in asked(ca, addresses).items()}

    wait_until(lambda: told() == expected, 60, "every entry has a gateway that has read its configuration")


def test_http_is_sent_to_https(declared: Told, ca: Path) -> None:  # noqa: ARG001
    for address in declared["http"]["addresses"]:
        redirected = ["301", f"https://{NAME}/page?number=1"]
        wait_for(lambda: asked_by(REDIRECT, address, NAME), redirected, 20, f"{address} redirects")  # noqa: B023 - at once


def test_the_gateways_own_ports_are_shut_from_outside(declared: Told, ca: Path) -> None:  # noqa: ARG001
    assert taken((address, port) for address in declared["https"]["addresses"] for port in (8000, 8002, 8443)) == []


def test_when_a_gateway_ends_others_answer(cluster: Path, declared: Told, ca: Path) -> None:
    addresses = declared["https"]["addresses"]
    words = client(ca, addresses, "--until-eof")
    process = subprocess.Popen(words, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    which = ("-l", "app=traefik", "--field-selector", "spec.nodeName=uchicago005.hl-lhc.io")
    kubectl(cluster, "-n", "gateway", "delete", "pod", *which)
    kubectl(cluster, "-n", "gateway", "rollout", "status", "daemonset/traefik", "--timeout=1200s")
    found = json.loads(process.communicate("", timeout=600)[0])
    print(found)
    assert found["asked"] >= 2 * len(addresses)
    assert found["failed"] == 0
